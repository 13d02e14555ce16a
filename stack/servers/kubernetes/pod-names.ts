/**
 * The pods' bridge. A name of our own: `cni0` belongs to whichever cluster the machine itself is
 * part of.
 */
export const POD_BRIDGE = 'cfpods0';
export const CNI_NETWORK = 'creativeflow';
