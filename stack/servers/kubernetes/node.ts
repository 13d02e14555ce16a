/** The one node of the local cluster. */
export const NODE = 'local';
