/** `registry:5000/models/digits` or `models/digits`, with or without tag or digest → its parts. */
export function splitImage(image: string): { registry: string | null; repository: string } {
  const [first = '', ...rest] = image.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = named ? rest.join('/') : image;
  return {
    registry: named ? first : null,
    repository: path.replace(/@.*$/, '').replace(/:[^/]*$/, ''),
  };
}
