import { registerSW } from 'virtual:pwa-register';
import { t } from '../i18n/language.ts';
import { toasts } from './toasts.ts';

/** Keeps the app itself on this device, and asks before a newer one takes over. */
export function registerWorker(): void {
  const update = registerSW({
    onNeedRefresh: () =>
      toasts.show({
        kind: 'busy',
        text: t().app.newVersion,
        action: { label: t().app.reload, run: () => void update(true) },
      }),
  });
}
