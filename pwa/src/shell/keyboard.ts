import { go, hrefs } from './router.ts';

const SECOND_KEY_MS = 1_200;
const AFTER_G: Record<string, string> = { m: hrefs.models, e: hrefs.endpoints, a: hrefs.activity };

/** The keys that work everywhere, unless one writes: `/`, `u`, `?`, and `g` followed by a page. */
export function listenToKeys(on: { help: () => void; search: () => void }): () => void {
  let awaiting = 0;
  const listen = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writes(event))
      return;
    const goes = AFTER_G[event.key];
    if (goes && Date.now() - awaiting < SECOND_KEY_MS) go(goes);
    else if (event.key === '/') on.search();
    else if (event.key === 'u') go(hrefs.upload);
    else if (event.key === '?') on.help();
    else if (event.key === 'g') return void (awaiting = Date.now());
    else return;
    awaiting = 0;
    event.preventDefault();
  };
  addEventListener('keydown', listen);
  return () => removeEventListener('keydown', listen);
}

/**
 * A dialog that was just closed keeps the focus until the next frame: keys are no longer its own.
 */
function writes(event: KeyboardEvent): boolean {
  return event
    .composedPath()
    .some(
      (node) =>
        node instanceof HTMLElement &&
        (node.matches('input, textarea, select, dialog[open]') || node.isContentEditable),
    );
}
