import { z } from 'zod';

/**
 * Direction marks, zero-width and other invisible characters, controls, private use: two names that
 * look alike would differ.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}]/u;
export const hasInvisible = (text: string): boolean => INVISIBLE.test(text);

/**
 * A name as people read it: in Unicode's composed form (NFC), so that what looks the same is the
 * same.
 */
export const NameText = (max: number) =>
  z
    .string()
    .refine((text) => !hasInvisible(text), {
      error: 'contains an invisible or a control character',
    })
    .overwrite((text) => text.normalize('NFC').trim())
    .min(1)
    .max(max);

/** An id of Odoo: PostgreSQL knows no larger ones. */
export const ID_MAX = 2 ** 31 - 1;
