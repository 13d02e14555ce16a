import './shell/cf-app.ts';

const RELOADED_KEY = 'creativeflow.reloaded';
const ONCE_IN_MS = 60_000;

// A newer build took the place of a page that this one still wanted: load the newer one, but never
// in a circle.
addEventListener('vite:preloadError', () => {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED_KEY)) < ONCE_IN_MS) return;
  sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
  location.reload();
});
