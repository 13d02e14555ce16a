import { RESAVE, block, review, type RuleArea } from './rule.ts';

const STANDARD =
  'Export the model with standard operators only, or ask a manager to have the operator reviewed.';

export const onnxRules = {
  title: 'ONNX',
  about:
    'The whole model is walked: graph, subgraphs, functions, training graphs, attributes, tensors. What it keeps in other files must be files of the same upload.',
  rules: {
    'onnx-structure': block(
      'high',
      'The model lacks what every ONNX model has, or holds it in a form that readers take differently.',
      RESAVE,
    ),
    'onnx-duplicate': block(
      'critical',
      'Two things of the model have one name; readers differ in which one they take.',
      RESAVE,
    ),
    'onnx-attribute': block('high', 'An attribute does not hold what its type says.', RESAVE),
    'onnx-tensor': block(
      'high',
      'The data of a tensor are not what its type and shape need.',
      RESAVE,
    ),
    'onnx-external-data': block(
      'critical',
      'A tensor lies in another file in a way that could lead outside of the upload, or the file is not there.',
      'Upload the data file beside the model, under the plain name that the model gives, or save the model as one file.',
      'Allowed is a plain file name of the same upload, with a range inside of that file that has exactly the bytes that type and shape need. Looked for in initializers, sparse initializers and attributes of all graphs and functions. The data file passes when the tensors account for all of its bytes.',
    ),
    'onnx-operator-blocked': block(
      'critical',
      'The model calls an operator that runs code from outside of the model, or that nobody knows.',
      STANDARD,
      'Known are the operators of ONNX (`ai.onnx`, `ai.onnx.ml`, training) and those of ONNX Runtime (`com.microsoft`) that compute only: `onnx-operators.json`.',
    ),
    'onnx-operator-review': review(
      'medium',
      'The operator belongs to a known domain and is not on the list of reviewed ones.',
      STANDARD,
    ),
    'onnx-function': block(
      'high',
      'A local function calls itself or unfolds into more nodes than any model has.',
      RESAVE,
    ),
    'onnx-session-config': review(
      'medium',
      'The model carries settings for the session that loads it.',
      'Give the settings in the serving code instead.',
    ),
  },
} as const satisfies RuleArea;
