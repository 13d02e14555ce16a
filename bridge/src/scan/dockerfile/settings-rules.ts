import type { Tell } from './shell-rules.ts';

/** Index addresses that package managers take from the environment. */
const INDEX =
  /^(PIP_INDEX_URL|PIP_FIND_LINKS|PIP_EXTRA_INDEX_URL|UV_(DEFAULT_|EXTRA_)?INDEX(_URL)?|UV_FIND_LINKS|NPM_CONFIG_REGISTRY|GOPROXY|CONDA_CHANNEL_ALIAS)$/i;
const EXTRA_INDEX = /^(PIP|UV)_EXTRA_INDEX(_URL)?$/i;
const KNOWN_INDEX =
  /^https:\/\/(download\.pytorch\.org|pypi\.nvidia\.com|pypi\.ngc\.nvidia\.com)(\/|$)/;
const TRUSTED_HOST = /^(PIP_TRUSTED_HOST|UV_INSECURE_HOST)$/i;
const UNCHECKED_WHEN_ON =
  /^(GIT_SSL_NO_VERIFY|GIT_HTTP_SSLVERIFY_OFF|GOINSECURE|CURL_INSECURE|CONDA_SSL_NO_VERIFY)$/i;
const UNCHECKED_WHEN_OFF =
  /^(NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|NPM_CONFIG_STRICT_SSL|CONDA_SSL_VERIFY|HF_HUB_SSL_VERIFY)$/i;
const ON = /^["']?(1|true|yes|on)["']?$/i;
const OFF = /^["']?(0|false|no|off|)["']?$/i;

/** NAME=VALUE that turns a check off for every step behind it, where a flag would do it for one. */
export function checkSettings(pairs: { name: string; value: string }[], tell: Tell): void {
  for (const { name, value } of pairs) {
    const address = value.replace(/^["']|["']$/g, '');
    if (TRUSTED_HOST.test(name) && address !== '')
      tell('docker-package-source', `${name} names a host whose certificate is not checked.`, name);
    if (INDEX.test(name) && /(^|[\s,])http:\/\//.test(address))
      tell('docker-package-source', `${address} is not encrypted.`, name);
    else if (EXTRA_INDEX.test(name) && address !== '' && !KNOWN_INDEX.test(address))
      tell('docker-extra-index', undefined, name);
    if (turnsCheckOff(name, value))
      tell(
        'docker-insecure-download',
        `${name} turns the check off of whom a download comes from.`,
        name,
      );
    if (/^(HF_HUB_)?TRUST_REMOTE_CODE$/i.test(name) && ON.test(value))
      tell(
        'docker-unscanned-model',
        'Code that comes with a model is run without anybody having read it.',
        name,
      );
  }
}

function turnsCheckOff(name: string, value: string): boolean {
  if (UNCHECKED_WHEN_ON.test(name)) return !OFF.test(value);
  if (UNCHECKED_WHEN_OFF.test(name)) return OFF.test(value) && value !== '';
  if (/^(GOFLAGS)$/i.test(name)) return /-insecure/.test(value);
  return /^(GONOSUMCHECK|GONOSUMDB|GOSUMDB)$/i.test(name) && /^["']?(off|1|\*)/.test(value);
}
