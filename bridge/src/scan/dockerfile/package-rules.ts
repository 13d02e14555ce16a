import { bare, baseName, readShell, type Command } from './shell.ts';
import type { Tell } from './shell-rules.ts';

/** Indexes that carry what PyPI has no room for; everybody uses them. */
const KNOWN_INDEX = /^https:\/\/(download\.pytorch\.org|pypi\.nvidia\.com|pypi\.ngc\.nvidia\.com)(\/|$)/;
const COMMIT = /@[0-9a-f]{40}([#&]|$)/;
const MODEL_FILE = /https?:\/\/[^\s"']+\.(bin|pt|pth|ckpt|safetensors|gguf|ggml|onnx|h5|hdf5|keras|pkl|pickle|joblib|tflite|npz|nemo|mar)([?"'\s]|$)/i;
const MODEL_FETCH = /\bvllm['"]?\s+['"]?serve['"]?\s+['"]?(?![./$-]|models?\/|app\/|data\/|weights\/|checkpoints?\/)[\w.-]+\/[\w.-]+|\s['"]?--model(-id|-path|_id)?['"]?[=\s]+['"]?(?!models?\/|app\/|data\/|weights\/|checkpoints?\/)[A-Za-z0-9][\w-]*\/[A-Za-z0-9][\w.-]+['"]?(\s|$)|\b(huggingface-cli|hf)\s+download\b|\b(snapshot_download|hf_hub_download|from_pretrained|torch\.hub\.load|gdown)\b|\bspacy\s+download\b|\bollama\s+pull\b|\bnltk\.download(er)?\b|\bgit\s+(lfs\s+)?clone\s+\S*huggingface\.co/;

/** settings of apt, yum, rpm and dpkg by which anything is taken */
const UNSIGNED = /\bAllow(Unauthenticated|Insecure\w*|WeakRepositor\w*|DowngradeToInsecure\w*)["'\s:=]+(true|yes|1)\b|Trusted:\s*yes\b|Verify-(Peer|Host)["'\s:=]+(false|no|0)\b|\b(gpgcheck|sslverify|repo_gpgcheck)\s*=\s*(0|false|no|off)\b|\s--no(signature|digest)\b|\bdpkg\b[^|;&\n]{0,500}--force-(all|bad-verify)|\b(curl|wget)\b[^|;&\n]{0,500}\shttp:\/\/[^|]{0,500}\|\s*(sudo\s+)?(apt-key\s+add|gpg\b)|\b(config\s+set|-c)\s+\S*(index-url|trusted-host|registry|channel\w*)[\s=]+http:\/\/|\b(gem|conda|mamba|micromamba)\b[^|;&\n]{0,500}\shttp:\/\//i;
const UNCHECKED = /\bhttp\.sslVerify[\s=]+(false|0)\b|\bstrict-ssl[\s=]+(false|0)\b|\bssl_verify[\s:=]+(false|no|0)\b|\binsecure\b[^|;&\n]{0,500}>>?\s*\S*\.curlrc|\bcheck_certificate\s*=\s*off\b/i;
/** other package managers, given an address, a repository or a file that was fetched */
const FROM_URL = /\b(npm|yarn|pnpm)\s+(i|install|add)\b[^|;&\n]{0,500}\s((git\+|https?:|git:|ssh:)\S+|(?!\.)[\w.-]+\/[\w.-]+)(\s|$)|\bnpx\b[^|;&\n]{0,500}\s(https?:|git\+|github:)\S+|\bcargo\s+install\b[^|;&\n]{0,500}--git\b|\b(poetry|uv|pipx|pdm)\s+(add|install|tool\s+install)\b[^|;&\n]{0,500}\s(git\+|https?:)\S+|\beasy_install\b[^|;&\n]{0,500}\shttps?:\S+|\bgo\s+(run|install)\s+\S+@(latest|master|main)\b|\brpm\s+-[a-zA-Z]*[iU][a-zA-Z]*\s[^|;&\n]{0,500}https?:\S+|\b(apt|apt-get|yum|dnf|zypper)\b[^|;&\n]{0,500}\binstall\b[^|;&\n]{0,500}\shttps?:\S+/i;

/** What a shell text installs and from where; models that it fetches past the scan. */
export function checkPackages(text: string, tell: Tell): void {
  if (MODEL_FETCH.test(text) || MODEL_FILE.test(text)) tell('docker-unscanned-model', undefined, (MODEL_FETCH.exec(text) ?? MODEL_FILE.exec(text))![0].trim());
  if (/--trust[-_]remote[-_]code\b(?!\s*[= ]\s*(false|0|no)\b)|\btrust_remote_code\s*=\s*True\b/i.test(text)) tell('docker-unscanned-model', 'Code that comes with a model is run without anybody having read it.', 'trust_remote_code');
  if (UNSIGNED.test(text)) tell('docker-package-source', 'Signatures of packages are not checked.', UNSIGNED.exec(text)![0]);
  if (UNCHECKED.test(text)) tell('docker-insecure-download', undefined, UNCHECKED.exec(text)![0]);
  if (FROM_URL.test(text)) tell('docker-package-from-url', undefined, FROM_URL.exec(text)![0].trim());
  if (/\[[^\]]*\btrusted\s*=\s*yes\b[^\]]*\]/i.test(text)) tell('docker-package-source', 'An apt source is marked as trusted, so its signatures are not checked.', '[trusted=yes]');
  for (const command of readShell(text).flat()) {
    const words = bare(command);
    const name = baseName(words[0] ?? '');
    const pip = pipArguments(words);
    if (pip !== null) checkPip(pip, command, tell);
    if (/^(apt|apt-get|aptitude)$/.test(name)) checkApt(words, command, tell);
    if (name === 'apk' && words.includes('--allow-untrusted')) tell('docker-package-source', undefined, command.text.trim());
    if (/^(yum|dnf|microdnf|zypper)$/.test(name) && words.some((word) => /^--(nogpgcheck|no-gpg-checks)$/.test(word))) tell('docker-package-source', undefined, command.text.trim());
    if (/^(npm|yarn|pnpm)$/.test(name) && words.some((word, i) => /^(--registry=)?http:\/\//.test(word) || (word === '--registry' && /^http:/.test(words[i + 1] ?? '')))) tell('docker-package-source', undefined, command.text.trim());
    if (insecure(name, words)) tell('docker-insecure-download', undefined, command.text.trim());
    if (words.some((word) => /^(openssh-server|dropbear)(=|$)/.test(word)) || name === 'sshd') tell('docker-remote-access', undefined, command.text.trim());
  }
}

/** The arguments of `pip install`, in all the ways to call it; null when it is something else. */
function pipArguments(words: string[]): string[] | null {
  const name = baseName(words[0] ?? '');
  const rest = /^pip[0-9.]*$/.test(name) ? words.slice(1) : /^python[0-9.]*$/.test(name) && words[1] === '-m' && words[2] === 'pip' ? words.slice(3) : name === 'uv' && words[1] === 'pip' ? words.slice(2) : null;
  if (rest === null) return null;
  const at = rest.indexOf('install');
  return at < 0 ? null : rest.slice(at + 1);
}

function checkPip(words: string[], command: Command, tell: Tell): void {
  const evidence = command.text.trim();
  const valueOf = (i: number): string => (words[i]!.includes('=') ? words[i]!.slice(words[i]!.indexOf('=') + 1) : (words[i + 1] ?? ''));
  let unpinned = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (/^--trusted-host(=|$)/.test(word)) tell('docker-package-source', 'pip is told to trust a host whose certificate it cannot check.', evidence);
    else if (/^(-i|--index-url|--extra-index-url|-f|--find-links)(=|$)/.test(word)) {
      const url = valueOf(i);
      if (/^http:\/\//.test(url)) tell('docker-package-source', `${url} is not encrypted.`, evidence);
      else if (/^--extra-index-url/.test(word) && !KNOWN_INDEX.test(url)) tell('docker-extra-index', undefined, evidence);
    } else if (takesValue(words[i - 1])) continue;
    else if (/^(git|hg|svn|bzr)\+/.test(word) || /^(https?|ftp):\/\//.test(word)) {
      if (/^[a-z+]*(http|ftp|git):\/\//.test(word) && !/^[a-z+]*https:/.test(word)) tell('docker-package-source', 'A package is fetched over a connection that is not encrypted.', evidence);
      else if (!COMMIT.test(word) && !/#(sha256|.*&sha256)=[0-9a-f]{64}/.test(word)) tell('docker-package-from-url', undefined, evidence);
    } else if (!word.startsWith('-') && !/[=<>~!@]=|===|^\.{0,2}\/|\.(whl|txt|tar\.gz|zip)$|^\.$|\$/.test(word) && !/^[<>|&]/.test(word)) unpinned = true;
  }
  if (unpinned) tell('docker-unpinned-package', undefined, evidence);
}

const takesValue = (word: string | undefined): boolean => word !== undefined && /^(-r|--requirement|-c|--constraint|-t|--target|--prefix|--root|-i|--index-url|--extra-index-url|-f|--find-links|--platform|--python-version|--trusted-host|--timeout|--retries|--cache-dir|--python|>|>>|<)$/.test(word);

function checkApt(words: string[], command: Command, tell: Tell): void {
  const evidence = command.text.trim();
  if (words.some((word) => /^--(allow-unauthenticated|force-yes|allow-insecure-repositories)$/.test(word) || /Allow(Unauthenticated|Insecure\w*)\s*=\s*(true|yes|1)/i.test(word))) tell('docker-package-source', undefined, evidence);
  const at = words.indexOf('install');
  if (at > 0 && words.slice(at + 1).some((word, i, all) => /^[a-z0-9][a-z0-9.+-]+$/.test(word) && !/^(-t|-o)$/.test(all[i - 1] ?? ''))) tell('docker-unpinned-package', undefined, evidence);
}

function insecure(name: string, words: string[]): boolean {
  if (name === 'curl') return words.some((word) => word === '--insecure' || word === '--proxy-insecure' || /^-[a-zA-Z]*k[a-zA-Z]*$/.test(word));
  if (name === 'wget') return words.includes('--no-check-certificate');
  return name === 'git' && words.some((word) => /^http\.sslVerify=(false|0)$/i.test(word));
}
