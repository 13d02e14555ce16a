import type { Texts } from './en.ts';
import { en } from './en.ts';

export const LANGUAGES = { en: 'English', fr: 'Français' } as const;
export type Language = keyof typeof LANGUAGES;

const CHOICE_KEY = 'creativeflow.language';
let texts: Texts = en;
let current: Language = 'en';
const changes = new EventTarget();

export const t = (): Texts => texts;
export const language = (): Language => current;
export function onLanguage(callback: () => void): () => void {
  changes.addEventListener('change', callback);
  return () => changes.removeEventListener('change', callback);
}

/** The language chosen here before, else the browser's, else English. */
export function preferred(): Language {
  const chosen = localStorage.getItem(CHOICE_KEY);
  const wanted = [chosen, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return (
    (wanted.find((tag) => tag !== undefined && tag in LANGUAGES) as Language | undefined) ?? 'en'
  );
}

export async function useLanguage(wanted: Language, remember = false): Promise<void> {
  if (remember) localStorage.setItem(CHOICE_KEY, wanted);
  texts = wanted === 'fr' ? (await import('./fr.ts')).fr : en;
  current = wanted;
  document.documentElement.lang = wanted;
  changes.dispatchEvent(new Event('change'));
}
