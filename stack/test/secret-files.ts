/**
 * Which file of .stack/ may hold which secret, and why there: a server reads it, or it is the list
 * itself.
 */
export const MAY_HOLD: [file: RegExp, secrets: RegExp][] = [
  [/^secrets\.json$/, /./],
  [
    /^bridge\.env$/,
    /^(sessionSecret|receiptSecret|bridgeKey|bridgeDbPassword|redisPassword|minioAccessKey|minioSecretKey|registryPassword)$/,
  ],
  [/^redis\/redis\.conf$/, /^redisPassword$/],
  [/^registry\/config\.yml$/, /^registryHttpSecret$/],
  [/^containerd\/certs\.d\/[^/]+\/hosts\.toml$/, /^registryPullPassword$/],
  [/^odoo\/odoo\.conf$/, /^(postgresOdooPassword|odooMasterPassword)$/],
];
/** Which server's environment may hold which. */
export const MAY_HOLD_IN_ENVIRONMENT: Record<string, RegExp> = {
  bridge: MAY_HOLD[1]![1],
  minio: /^(minioAccessKey|minioSecretKey)$/,
};
/**
 * Databases and stores: their content is the product's own, behind its own doors, and not text that
 * a server of ours writes.
 */
export const STORES = [
  'postgres',
  'minio',
  'registry/data',
  'kubernetes/etcd',
  'containerd/root',
  'containerd/state',
  'odoo/data',
];
/** Files whose bytes are themselves a secret. */
export const KEYS =
  /(\.key|\.kubeconfig|htpasswd|secrets\.json|bridge\.env|redis\.conf|odoo\.conf|hosts\.toml|registry\/config\.yml)$/;
