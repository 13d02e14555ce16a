import { block, note, review, type RuleArea } from './rule.ts';

export const dockerfileRules = {
  title: 'Dockerfile',
  about: 'Parsed, with heredocs, stages, ARG and ENV followed. Lines and columns begin at 1.',
  rules: {
    'docker-syntax': block(
      'high',
      'The Dockerfile has a line that is not an instruction, so what is built cannot be judged.',
      'Mend the line.',
    ),
    'docker-root-user': block(
      'high',
      'The image would run as root, or as a user that cannot be checked.',
      'End the last stage with `USER 65532` (a number other than 0).',
      'The last USER of the last stage counts, or that of the stage it starts from. A name is refused because Kubernetes (`runAsNonRoot`) can only check a number.',
    ),
    'docker-unpinned-image': block(
      'medium',
      'The base image can change from one build to the next.',
      'Name a version or a digest: `FROM ${REGISTRY}/base/python:3.11`.',
      'After variables are replaced: no tag, `latest`, or a build argument without a value. Also for `COPY --from=IMAGE`.',
    ),
    'docker-remote-add': block(
      'high',
      'ADD fetches from the network without a checksum.',
      'Upload the file beside the Dockerfile and COPY it, or use `ADD --checksum=sha256:…`.',
    ),
    'docker-piped-installer': block(
      'critical',
      'The build runs a program straight from the network.',
      'Install a package with a version, or upload the file and COPY it.',
      '`curl … | sh` in all its forms: over several lines, in a heredoc, in `sh -c`, through `$( )` or backticks, `base64 -d | sh`, Python that fetches and runs, and a file that is fetched in one command and run in a later one. A download whose digest is checked in the same step (`sha256sum -c`) is fine.',
    ),
    'docker-secret': block(
      'high',
      'A secret in the Dockerfile stays readable in the image.',
      'Remove it and change it; give secrets to the running service, not to the build.',
      'By name (PASSWORD, TOKEN, API_KEY …) with a literal value, by form (keys of AWS, GitHub, GitLab, Slack, Google, Hugging Face, npm, PyPI; private keys; passwords in URLs), and files such as `.env` and `id_rsa` in COPY.',
    ),
    'docker-sudo': block(
      'medium',
      'sudo has no place in an image that does not run as root.',
      'Do what needs root before `USER`, without sudo.',
    ),
    'docker-permissions': block(
      'medium',
      'Files that everybody may write, or that give their owner’s rights to whoever runs them.',
      'Give the least rights: `chmod 755`, `COPY --chown=65532`.',
    ),
    'docker-onbuild': block(
      'medium',
      'ONBUILD acts in images built later, where nobody sees it.',
      'Write the instruction into those Dockerfiles.',
    ),
    'docker-frontend': block(
      'high',
      '`# syntax=` hands the Dockerfile to another program to interpret.',
      'Remove the line.',
      '`docker/dockerfile` with a version, or with a digest, is the ordinary one and passes.',
    ),
    'docker-privileged-run': block(
      'high',
      'The step asks for rights that a build does not have here.',
      'Remove the flag.',
    ),
    'docker-registry': block(
      'high',
      'The base image comes from a registry that is not on your list.',
      'Take the image from a registry on the list (`SCAN_REGISTRIES`), or have an operator add this one.',
      'Only where a list is configured.',
    ),
    'docker-package-source': block(
      'high',
      'Packages are taken from a source that is not verified: anybody on the way can replace them.',
      'Use the package index over https with its signatures checked.',
      'pip with `--trusted-host` or an http index; apt with `--allow-unauthenticated`, `--force-yes` or `[trusted=yes]`; apk `--allow-untrusted`; yum and dnf `--nogpgcheck`; npm over http.',
    ),
    'docker-insecure-download': block(
      'high',
      'A download does not check whom it comes from.',
      'Fetch over https and leave out the flag that turns the check off.',
      '`curl -k`, `wget --no-check-certificate`, `git -c http.sslVerify=false`.',
    ),
    'docker-extra-index': review(
      'medium',
      'A second package index is asked too: whoever registers a name of yours there is installed instead (dependency confusion).',
      'Use one index that has everything, or pin each package by hash.',
      'The indexes of PyTorch and NVIDIA are noted only by the general rule on pinned packages.',
    ),
    'docker-package-from-url': review(
      'medium',
      'A package is installed from an address instead of an index, so neither its version nor its content is fixed.',
      'Publish it to an index and pin it, or name a commit: `git+https://…@<40 hex digits>`.',
    ),
    'docker-unscanned-model': review(
      'high',
      'A model is fetched while building or starting: those bytes were never scanned, approved or recorded.',
      'Upload the model with the version and COPY it.',
    ),
    'docker-remote-access': review(
      'medium',
      'The image offers a remote shell.',
      'Leave out the SSH server; use `kubectl exec`.',
    ),
    'docker-unpinned-package': note(
      'low',
      'Packages without a version can differ from one build to the next.',
      'Name versions: `numpy==2.2.1`, `libgomp1=12.2.0-14`.',
    ),
    'docker-not-by-digest': note(
      'info',
      'A tag can be moved to another image.',
      'Name the digest too: `FROM image:tag@sha256:…`. The digest that was built from is recorded with the version.',
    ),
    'docker-shell-form': note(
      'low',
      'In the shell form the server does not get the signal to stop, and requests are cut off.',
      'Use the JSON form.',
    ),
    'docker-no-healthcheck': note(
      'info',
      'HEALTHCHECK is switched off.',
      'Remove the line; the readiness path is what the cluster asks.',
    ),
    'docker-copy-everything': note(
      'info',
      'Everything that was uploaded goes into the image.',
      'Name the files.',
    ),
    'docker-old-loader': note(
      'medium',
      'This version of the library has a known hole in loading models.',
      'Use a newer version.',
      'torch before 2.6 (CVE-2025-32434), keras before 3.9 (CVE-2025-1550), llama-cpp-python before 0.2.72 (CVE-2024-34359).',
    ),
    'docker-hadolint': note(
      'info',
      'hadolint has a remark.',
      'See its wiki page for the rule.',
      'Only where hadolint is installed. A Dockerfile that it cannot parse, such as one with a heredoc, is told as not linted.',
    ),
    'docker-label': block(
      'low',
      'A `creativeflow.` label has a value that cannot be used.',
      'Port: 1 to 65535. Readiness path: begins with `/`.',
    ),
  },
} as const satisfies RuleArea;
