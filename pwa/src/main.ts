import './shell/cf-app.ts';

const RELOADED_KEY = 'creativeflow.reloaded';
const ONCE_IN_MS = 60_000;

// A newer build took the place of a page that this one still wanted: load the newer one, but never
// in a circle, and never while the server is not there: a reload would lose what is shown.
addEventListener('vite:preloadError', () => void loadNewerBuild());

async function loadNewerBuild(): Promise<void> {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED_KEY)) < ONCE_IN_MS) return;
  const answer = await fetch(location.pathname, { cache: 'no-store' }).catch(() => undefined);
  if (!answer?.ok) return;
  sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
  location.reload();
}
