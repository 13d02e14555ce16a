import { block, type RuleArea } from './rule.ts';

export const dockerfileRules = {
  title: 'Dockerfile',
  about: 'Parsed, with heredocs, stages, ARG and ENV followed. Lines and columns begin at 1.',
  rules: {
    'docker-syntax': block('high', 'The Dockerfile has a line that is not an instruction, so what is built cannot be judged.', 'Mend the line.'),
    'docker-root-user': block('high', 'The image would run as root, or as a user that cannot be checked.', 'End the last stage with `USER 65532` (a number other than 0).', 'The last USER of the last stage counts, or that of the stage it starts from. A name is refused because Kubernetes (`runAsNonRoot`) can only check a number.'),
    'docker-unpinned-image': block('medium', 'The base image can change from one build to the next.', 'Name a version or a digest: `FROM ${REGISTRY}/base/python:3.11`.', 'After variables are replaced: no tag, `latest`, or a build argument without a value. Also for `COPY --from=IMAGE`.'),
    'docker-remote-add': block('high', 'ADD fetches from the network without a checksum.', 'Upload the file beside the Dockerfile and COPY it, or use `ADD --checksum=sha256:…`.'),
    'docker-piped-installer': block('critical', 'The build runs a program straight from the network.', 'Install a package with a version, or upload the file and COPY it.', '`curl … | sh` in all its forms: over several lines, in a heredoc, in `sh -c`, through `$( )` or backticks, `base64 -d | sh`, Python that fetches and runs, and a file that is fetched in one command and run in a later one. A download whose digest is checked in the same step (`sha256sum -c`) is fine.'),
    'docker-secret': block('high', 'A secret in the Dockerfile stays readable in the image.', 'Remove it and change it; give secrets to the running service, not to the build.', 'By name (PASSWORD, TOKEN, API_KEY …) with a literal value, by form (keys of AWS, GitHub, GitLab, Slack, Google, Hugging Face, npm, PyPI; private keys; passwords in URLs), and files such as `.env` and `id_rsa` in COPY.'),
    'docker-sudo': block('medium', 'sudo has no place in an image that does not run as root.', 'Do what needs root before `USER`, without sudo.'),
    'docker-permissions': block('medium', 'Files that everybody may write, or that give their owner’s rights to whoever runs them.', 'Give the least rights: `chmod 755`, `COPY --chown=65532`.'),
    'docker-onbuild': block('medium', 'ONBUILD acts in images built later, where nobody sees it.', 'Write the instruction into those Dockerfiles.'),
    'docker-frontend': block('high', '`# syntax=` hands the Dockerfile to another program to interpret.', 'Remove the line.'),
    'docker-privileged-run': block('high', 'The step asks for rights that a build does not have here.', 'Remove the flag.'),
    'docker-label': block('low', 'A `creativeflow.` label has a value that cannot be used.', 'Port: 1 to 65535. Readiness path: begins with `/`.'),
  },
} as const satisfies RuleArea;
