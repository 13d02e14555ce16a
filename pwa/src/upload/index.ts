import { toasts } from '../shell/toasts.ts';
import { go, hrefs } from '../shell/router.ts';
import { UPLOAD_EVENT } from './draft.ts';
import { UploadStore, type Registered } from './store.ts';

export { filesOf } from './item.ts';
export const upload = new UploadStore();

upload.addEventListener('change', () => {
  const underWay = upload.sending && !upload.complete && upload.size > 0;
  dispatchEvent(
    new CustomEvent(UPLOAD_EVENT, { detail: underWay ? upload.sent / upload.size : null }),
  );
});

/** On the upload's own page one is taken to the new version; elsewhere one is told. */
upload.addEventListener('registered', (event) => {
  const { modelId, versionId, name } = (event as CustomEvent<Registered>).detail;
  const href = hrefs.version(modelId, versionId);
  if (location.hash.startsWith(hrefs.upload)) go(href);
  else toasts.show({ kind: 'good', text: name, href });
});
