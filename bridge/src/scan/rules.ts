import type { Severity, Verdict } from './types.ts';

/** Changes whenever a verdict could change: rules, allow-list, limits. Stored with each verdict. */
export const RULESET_VERSION = '2026.11.1';

interface Rule {
  severity: Severity;
  verdict: Verdict;
  why: string;
  remedy: string;
}

const block = (severity: Severity, why: string, remedy: string): Rule => ({ severity, verdict: 'block', why, remedy });
const review = (severity: Severity, why: string, remedy: string): Rule => ({ severity, verdict: 'review', why, remedy });

const RESAVE = 'Save the model again with the library that made it and upload that file.';
const SAFETENSORS = 'Save the weights as safetensors; that format cannot hold code.';

/** Every rule. docs/scan-rules.md has one heading for each; a test compares the two. */
export const RULES = {
  'format-not-understood': block('high', 'No parser of the scanner understands this file, so nothing can be said about it.', 'Convert the model to safetensors, a plain pickle, a PyTorch zip, npy or npz.'),
  'format-ambiguous': block('critical', 'The file can be read as two different formats; a loader may see something else than the scanner.', RESAVE),
  'format-extension-mismatch': block('high', 'The content is not what the extension says; a loader that goes by the extension reads it differently.', 'Rename the file to what it is, or upload the file you meant.'),
  'format-executable': block('critical', 'This is machine code or byte code, which nobody can judge by reading.', 'Install programs and libraries in the Dockerfile, from a package with a version.'),
  'format-empty': block('medium', 'The file has no bytes.', 'Upload the file again.'),
  'format-trailing-data': block('high', 'There are bytes that do not belong to the format; another reader could take them for something else.', RESAVE),
  'format-nested-too-deep': block('high', 'Containers lie in containers deeper than the scanner follows.', 'Unpack the inner containers before uploading.'),
  'limit-exceeded': block('high', 'A limit of the scan was reached before the end.', 'Split the file, or ask a manager to raise the limit.'),
  'scan-crashed': block('high', 'The scanner failed on this file; what it could not read is not clean.', `${RESAVE} Tell the operators when it happens again.`),
  'scan-timeout': block('high', 'The scan did not end in time.', 'Try again; ask a manager to raise the deadline when the file is very large.'),
  'scan-out-of-memory': block('high', 'The scan needed more memory than it may have.', 'Split the file; tell the operators when it is an ordinary one.'),
  'scan-digest-mismatch': block('critical', 'The stored bytes are not the ones that were uploaded: their digest differs from the record.', 'Upload the version again, and have the operators look at the object store.'),
  'scan-artifact-missing': block('high', 'A stored file of the version is gone.', 'Upload the version again, and have the operators look at the object store.'),

  'safetensors-header': block('high', 'The length or the form of the safetensors header breaks the format.', RESAVE),
  'safetensors-json': block('high', 'The safetensors header is not strict JSON.', RESAVE),
  'safetensors-duplicate-key': block('critical', 'A key occurs twice in the header: two readers can see two different tensors.', RESAVE),
  'safetensors-tensor': block('high', 'The entry of a tensor breaks the format.', RESAVE),
  'safetensors-layout': block('high', 'The tensors do not cover the data exactly: there are gaps, overlaps or bytes left over.', RESAVE),
  'safetensors-metadata': block('medium', '`__metadata__` must map text to text.', RESAVE),

  'pickle-structure': block('high', 'The pickle breaks the rules of its format. A loader runs what stands before the fault.', RESAVE),
  'pickle-frame': block('critical', 'An instruction does not keep to its frame; loaders that read from a file and from memory see different programs.', RESAVE),
  'pickle-memo': block('high', 'The pickle uses a memo slot that was never filled, or an index no pickler writes.', RESAVE),
  'pickle-number': block('high', 'A number is written in a form that no pickler writes.', RESAVE),
  'pickle-opcode-blocked': block('critical', 'The instruction fetches something from outside of the file.', SAFETENSORS),
  'pickle-global-blocked': block('critical', 'Loading the file imports something that is not on the list of harmless classes and functions.', SAFETENSORS),
  'pickle-global-review': review('medium', 'The file names a class of a known library that has not been reviewed for loading.', 'Have an approver look at the class, or save the weights as safetensors.'),
  'pickle-global-computed': block('critical', 'What is imported is computed while loading, so it cannot be known beforehand.', SAFETENSORS),
  'pickle-call-blocked': block('critical', 'Loading the file calls something that may not be called.', SAFETENSORS),
  'pickle-call-arguments': block('critical', 'A permitted function is called with arguments that it is never given by honest picklers.', SAFETENSORS),
  'pickle-state-on-global': block('critical', 'Loading the file changes a class, a function or a module of the running program.', SAFETENSORS),
  'pickle-state-blocked': block('high', 'State is put into an object that does not take any.', SAFETENSORS),
  'pickle-persistent-id': block('high', 'The file refers to outside data in a way that only PyTorch files do, and not in their form.', RESAVE),
  'pickle-inline-array': block('high', 'joblib keeps arrays between the instructions; here they are not in the form that joblib writes, or the file is not called .joblib.', 'Save with joblib.dump under the extension .joblib, or with pickle.dump.'),
  'pickle-embedded': review('medium', 'A byte string inside looks like another pickle. Loading this file does not run it, but code could.', 'Have an approver find out what the bytes are for.'),

  'torch-layout': block('high', 'The zip is not laid out as PyTorch writes it.', 'Save it again with torch.save, or as safetensors.'),
  'torch-script': block('high', 'TorchScript holds a program; the scanner does not read it yet.', 'Save the state_dict as safetensors.'),
  'torch-storage': block('critical', 'The pickle and the stored weights do not agree: loading could read memory that is not the file’s.', 'Save it again with torch.save, or as safetensors.'),
  'torch-tensor-bounds': block('critical', 'A tensor reaches beyond its storage: loading could read memory that is not the file’s.', 'Save it again with torch.save, or as safetensors.'),

  'zip-structure': block('high', 'The zip is not strictly formed: bytes belong to no member, or to two.', 'Pack the files again with an ordinary tool.'),
  'zip-headers-differ': block('critical', 'The two headers of a member disagree; two readers would see two different files.', 'Pack the files again with an ordinary tool.'),
  'zip-duplicate-member': block('critical', 'Two members have the same name; readers differ in which one they take.', 'Pack the files again with an ordinary tool.'),
  'zip-member-name': block('high', 'A member’s name is not a plain relative path.', 'Pack the files again with plain names.'),
  'zip-method': block('high', 'A member is encrypted, a link, or packed with a method that model files do not use.', 'Pack the files again, stored or deflated.'),
  'zip-crc': block('high', 'The checksum of a member is wrong: the file is damaged or was changed after packing.', 'Pack the files again with an ordinary tool.'),

  'npy-header': block('high', 'The header of the array is not one that numpy writes.', 'Save the array again with numpy.save.'),
  'npy-size': block('high', 'The data are not as long as shape and dtype say.', 'Save the array again with numpy.save.'),
  'npz-layout': block('medium', 'The archive holds something else than arrays.', 'Save the arrays again with numpy.savez.'),

  'text-encoding': block('medium', 'A text file must be UTF-8 without control characters.', 'Save the file as UTF-8 text.'),
  'json-invalid': block('medium', 'The file calls itself JSON and is not strict JSON, or has a key twice.', 'Write the file again with a JSON library.'),
  'json-remote-code': review('high', '`auto_map` makes the transformers library import Python code that comes with the model.', 'Have an approver read that code, or remove `auto_map`.'),
  'json-template': review('medium', 'A chat template is a small program that the serving library runs; the scanner does not judge it yet.', 'Have an approver read the template.'),

  'docker-syntax': block('high', 'The Dockerfile has a line that is not an instruction, so what is built cannot be judged.', 'Mend the line.'),
  'docker-root-user': block('high', 'The image would run as root, or as a user that cannot be checked.', 'End the last stage with `USER 65532` (a number other than 0).'),
  'docker-unpinned-image': block('medium', 'The base image can change from one build to the next.', 'Name a version or a digest: `FROM ${REGISTRY}/base/python:3.11`.'),
  'docker-remote-add': block('high', 'ADD fetches from the network without a checksum.', 'Upload the file beside the Dockerfile and COPY it, or use `ADD --checksum=sha256:…`.'),
  'docker-piped-installer': block('critical', 'The build runs a program straight from the network.', 'Install a package with a version, or upload the file and COPY it.'),
  'docker-secret': block('high', 'A secret in the Dockerfile stays readable in the image.', 'Remove it and change it; give secrets to the running service, not to the build.'),
  'docker-sudo': block('medium', 'sudo has no place in an image that does not run as root.', 'Do what needs root before `USER`, without sudo.'),
  'docker-permissions': block('medium', 'Files that everybody may write, or that give their owner’s rights to whoever runs them.', 'Give the least rights: `chmod 755`, `COPY --chown=65532`.'),
  'docker-onbuild': block('medium', 'ONBUILD acts in images built later, where nobody sees it.', 'Write the instruction into those Dockerfiles.'),
  'docker-frontend': block('high', '`# syntax=` hands the Dockerfile to another program to interpret.', 'Remove the line.'),
  'docker-privileged-run': block('high', 'The step asks for rights that a build does not have here.', 'Remove the flag.'),
  'docker-label': block('low', 'A `creativeflow.` label has a value that cannot be used.', 'Port: 1 to 65535. Readiness path: begins with `/`.'),
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof RULES;
