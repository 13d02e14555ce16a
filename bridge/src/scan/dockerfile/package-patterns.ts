/**
 * What a shell text says to package managers, one habit a line. Each form is bounded, so that a
 * long line takes no longer than it must.
 */

/** a model that is fetched by its name: the names of folders of the image are none */
export const MODEL_FETCH: readonly RegExp[] = [
  /\bvllm['"]?\s+['"]?serve['"]?\s+['"]?(?![./$-]|models?\/|app\/|data\/|weights\/|checkpoints?\/)[\w.-]+\/[\w.-]+/,
  /\s['"]?--model(-id|-path|_id)?['"]?[=\s]+['"]?(?!models?\/|app\/|data\/|weights\/|checkpoints?\/)[A-Za-z0-9][\w-]*\/[A-Za-z0-9][\w.-]+['"]?(\s|$)/,
  /\b(huggingface-cli|hf)\s+download\b/,
  /\b(snapshot_download|hf_hub_download|from_pretrained|torch\.hub\.load|gdown)\b/,
  /\bspacy\s+download\b/,
  /\bollama\s+pull\b/,
  /\bnltk\.download(er)?\b/,
  /\bgit\s+(lfs\s+)?clone\s+\S*huggingface\.co/,
];

/** a model that is fetched by its address */
export const MODEL_FILE: readonly RegExp[] = [
  /https?:\/\/[^\s"']+\.(bin|pt|pth|ckpt|safetensors|gguf|ggml|onnx|h5|hdf5|keras|pkl|pickle|joblib|tflite|npz|nemo|mar)([?"'\s]|$)/i,
];

/** settings by which a package manager takes anything */
export const UNSIGNED: readonly RegExp[] = [
  // apt
  /\bAllow(Unauthenticated|Insecure\w*|WeakRepositor\w*|DowngradeToInsecure\w*)["'\s:=]+(true|yes|1)\b/i,
  /Trusted:\s*yes\b/i,
  /Verify-(Peer|Host)["'\s:=]+(false|no|0)\b/i,
  /\b(curl|wget)\b[^|;&\n]{0,500}\shttp:\/\/[^|]{0,500}\|\s*(sudo\s+)?(apt-key\s+add|gpg\b)/i,
  // yum, rpm, dpkg
  /\b(gpgcheck|sslverify|repo_gpgcheck)\s*=\s*(0|false|no|off)\b/i,
  /\s--no(signature|digest)\b/i,
  /\bdpkg\b[^|;&\n]{0,500}--force-(all|bad-verify)/i,
  // pip, npm, gem, conda
  /\b(config\s+set|-c)\s+\S*(index-url|trusted-host|registry|channel\w*)[\s=]+http:\/\//i,
  /\b(gem|conda|mamba|micromamba)\b[^|;&\n]{0,500}\shttp:\/\//i,
];

/** settings by which a certificate is not looked at */
export const UNCHECKED: readonly RegExp[] = [
  /\bhttp\.sslVerify[\s=]+(false|0)\b/i,
  /\bstrict-ssl[\s=]+(false|0)\b/i,
  /\bssl_verify[\s:=]+(false|no|0)\b/i,
  /\binsecure\b[^|;&\n]{0,500}>>?\s*\S*\.curlrc/i,
  /\bcheck_certificate\s*=\s*off\b/i,
];

/** other package managers than pip, given an address, a repository or a file that was fetched */
export const FROM_URL: readonly RegExp[] = [
  /\b(npm|yarn|pnpm)\s+(i|install|add)\b[^|;&\n]{0,500}\s((git\+|https?:|git:|ssh:)\S+|(?!\.)[\w.-]+\/[\w.-]+)(\s|$)/i,
  /\bnpx\b[^|;&\n]{0,500}\s(https?:|git\+|github:)\S+/i,
  /\bcargo\s+install\b[^|;&\n]{0,500}--git\b/i,
  /\b(poetry|uv|pipx|pdm)\s+(add|install|tool\s+install)\b[^|;&\n]{0,500}\s(git\+|https?:)\S+/i,
  /\beasy_install\b[^|;&\n]{0,500}\shttps?:\S+/i,
  /\bgo\s+(run|install)\s+\S+@(latest|master|main)\b/i,
  /\brpm\s+-[a-zA-Z]*[iU][a-zA-Z]*\s[^|;&\n]{0,500}https?:\S+/i,
  /\b(apt|apt-get|yum|dnf|zypper)\b[^|;&\n]{0,500}\binstall\b[^|;&\n]{0,500}\shttps?:\S+/i,
];

export const REMOTE_CODE: readonly RegExp[] = [
  /--trust[-_]remote[-_]code\b(?!\s*[= ]\s*(false|0|no)\b)/i,
  /\btrust_remote_code\s*=\s*True\b/i,
];
export const TRUSTED_SOURCE: readonly RegExp[] = [/\[[^\]]*\btrusted\s*=\s*yes\b[^\]]*\]/i];

/** What fits one of the forms, the first in the text; null: nothing does. */
export function firstFit(forms: readonly RegExp[], text: string): string | null {
  let first: RegExpExecArray | null = null;
  for (const form of forms) {
    const match = form.exec(text);
    if (match !== null && (first === null || match.index < first.index)) first = match;
  }
  return first === null ? null : first[0];
}
