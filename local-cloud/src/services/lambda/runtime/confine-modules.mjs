/** Module hooks for functions that are ES modules: the same confinement as `confineModules` in `bootstrap.mjs`. */
let root;

export function initialize(data) {
  root = data.root;
}

export async function resolve(specifier, context, next) {
  const bare = !/^(\.|\/|[a-z]+:)/.test(specifier);
  if (!bare || !context.parentURL?.startsWith(root)) return next(specifier, context);
  let found;
  try {
    found = await next(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  }
  if (found !== undefined && (found.url.startsWith('node:') || found.url.startsWith(root))) return found;
  if (/^@(aws-sdk|smithy)\//.test(specifier)) return next(specifier, { ...context, parentURL: import.meta.url });
  const error = new Error(`Cannot find package '${specifier}' imported from ${context.parentURL}`);
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}
