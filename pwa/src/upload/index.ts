import { UploadStore } from './store.ts';

export { filesOf } from './item.ts';
export const upload = new UploadStore();
