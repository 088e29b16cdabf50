/**
 * The runtime inside a function's process: loads the handler and answers invocations, as the managed Node.js runtime
 * does. Plain JavaScript, because the process runs the machine's node without any loader.
 *
 * It talks to `execution-environment.ts` over the IPC channel (messages in `runtime-protocol.ts`). What the function
 * writes to stdout and stderr goes out on stdout; after each invocation a line made of a secret mark and the request
 * id tells the reader that all of that invocation's output has passed.
 *
 * Time here is the function's own: this process is user code's, not the cloud's.
 */
import fs from 'node:fs';
import Module, { createRequire, isBuiltin, register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import { Worker } from 'node:worker_threads';

const send = process.send.bind(process);
const channel = process.channel;
// A function on AWS is no forked process.
process.send = undefined;

/** A function that blocks its thread would outlive a killed cloud, whose pid is the argument: a second thread watches. */
const [parent] = process.argv.splice(2);
const watch = `const { workerData: parent } = require('node:worker_threads');
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000);`;
new Worker(watch, { eval: true, stdout: true, stderr: true, workerData: Number(parent) }).unref();
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

/** @type {{ id: string, finish: (message: object, then?: () => void) => void, onIdle: () => void } | undefined} */
let current;

process.once('message', (start) => {
  channel.unref();
  run(start).catch((error) => {
    logError('Init Error', error);
    send({ type: 'initError', error: describe(error) }, () => process.exit(1));
  });
});

process.on('uncaughtException', (error) => fail('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) => {
  const error = runtimeError('UnhandledPromiseRejection', String(reason));
  if (reason instanceof Error) error.stack = `${error.name}: ${reason.stack}`;
  fail('Unhandled Promise Rejection', Object.assign(error, { reason }), 128);
});
process.on('beforeExit', () => current?.onIdle());

function fail(title, error, exitCode) {
  logError(title, error);
  const exit = () => process.exit(exitCode);
  if (current === undefined) send({ type: 'initError', error: describe(error) }, exit);
  else current.finish({ type: 'error', error: describe(error), fatal: true }, exit);
}

async function run(start) {
  patchConsole(start);
  const root = fs.realpathSync(start.taskRoot);
  confineModules(root);
  const handler = await loadHandler(root, start.handler);
  const callbacks = start.runtime === 'nodejs22.x';
  if (!callbacks && handler.length >= 3) {
    throw runtimeError(
      'CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  }
  process.on('message', (message) => invoke(start, handler, callbacks, message));
  channel.ref();
  send({ type: 'ready', initMilliseconds: performance.now() });
}

function invoke(start, handler, callbacks, message) {
  const began = performance.now();
  // With the channel left out, an event loop without work ends in `beforeExit`, as on AWS.
  channel.unref();
  const finish = (answer, then) => {
    if (current?.id !== message.id) return;
    current = undefined;
    channel.ref();
    process.stdout.write(`${start.mark} ${message.id}\n`);
    const durationMilliseconds = performance.now() - began;
    send({ ...answer, id: message.id, durationMilliseconds, maxRssKilobytes: process.resourceUsage().maxRSS }, then);
  };
  const succeed = (result) => finish(response(result, start.maxResponseBytes));
  const reject = (error) => {
    logError('Invoke Error', error);
    finish({ type: 'error', error: describe(error) });
  };
  const onIdle = () => {
    if (callbacks && handler.constructor.name !== 'AsyncFunction') succeed(null);
    else reject(runtimeError('NodeJsExit', NODE_EXIT));
  };
  current = { id: message.id, finish, onIdle };
  if (message.traceId === undefined) delete process.env._X_AMZN_TRACE_ID;
  else process.env._X_AMZN_TRACE_ID = message.traceId;
  try {
    const event = JSON.parse(
      typeof message.event === 'string' ? message.event : new TextDecoder().decode(message.event),
    );
    const context = invocationContext(message, callbacks ? callbackContext(succeed, reject) : {});
    const result = callbacks ? handler(event, context, callbackFor(context, succeed, reject)) : handler(event, context);
    if (typeof result?.then === 'function') result.then(succeed, reject).catch(reject);
    else if (!callbacks) succeed(result);
  } catch (error) {
    reject(error);
  }
}

const NODE_EXIT =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

function response(result, maxBytes) {
  let payload;
  try {
    payload = JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    return { type: 'error', error: describe(new Error('Unable to stringify response body')) };
  }
  if (Buffer.byteLength(payload) <= maxBytes) return { type: 'response', payload };
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${maxBytes} bytes).`;
  return { type: 'error', error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

/** Developer guide, "Using the Lambda context object to retrieve Node.js function information". */
function invocationContext(message, more) {
  const deadline = Date.now() + message.remainingMilliseconds;
  const { AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, AWS_LAMBDA_FUNCTION_MEMORY_SIZE } = process.env;
  return Object.assign(more, {
    functionVersion: AWS_LAMBDA_FUNCTION_VERSION,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: message.clientContext === undefined ? undefined : JSON.parse(message.clientContext),
    identity: undefined,
    invokedFunctionArn: message.invokedFunctionArn,
    awsRequestId: message.id,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  });
}

/** What a callback handler (up to nodejs22.x) finds on its context besides. */
function callbackContext(succeed, reject) {
  const done = (error, result) => (error === undefined || error === null ? succeed(result) : reject(error));
  return {
    callbackWaitsForEmptyEventLoop: true,
    done,
    succeed,
    fail: (error) => reject(error === undefined || error === null ? 'handled' : error),
  };
}

function callbackFor(context, succeed, reject) {
  let called = false;
  return (error, result) => {
    if (called) return;
    called = true;
    if (error !== undefined && error !== null) reject(error);
    else if (!context.callbackWaitsForEmptyEventLoop) succeed(result);
    else if (current !== undefined) current.onIdle = () => succeed(result);
  };
}

/**
 * Bare imports of function code resolve within the function's own files, and to the AWS SDK that the runtime brings
 * along, and nowhere else: packages that happen to lie above the code on this machine are not there on AWS.
 */
function confineModules(root) {
  const runtimeRequire = createRequire(import.meta.url);
  const inside = (file) => file.startsWith(root + path.sep);
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, ...rest) {
    const bare = !isBuiltin(request) && !/^(\.|\/|file:)/.test(request);
    if (!bare || !parent?.filename || !inside(parent.filename)) return resolve.call(this, request, parent, ...rest);
    let file;
    try {
      file = resolve.call(this, request, parent, ...rest);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
    if (file !== undefined && inside(file)) return file;
    if (/^@(aws-sdk|smithy)\//.test(request)) return runtimeRequire.resolve(request);
    const error = new Error(`Cannot find module '${request}'\nRequire stack:\n- ${parent.filename}`);
    throw Object.assign(error, { code: 'MODULE_NOT_FOUND', requireStack: [parent.filename] });
  };
}

/** Developer guide, "Define Lambda function handler in Node.js": `.js`, `.mjs` and `.cjs`, by the nearest package.json. */
async function loadHandler(root, name) {
  const [, folder, file, exported] = /^(.*\/)?([^./][^.]*)\.(.+)$/.exec(name) ?? [];
  if (file === undefined || name.includes('..')) throw runtimeError('MalformedHandlerName', 'Bad handler');
  const stem = path.join(root, folder ?? '', file);
  let loaded;
  try {
    loaded = await loadModule(root, stem);
  } catch (error) {
    if (error instanceof SyntaxError) throw runtimeError('UserCodeSyntaxError', String(error), error);
    if (/^(ERR_)?MODULE_NOT_FOUND$/.test(error?.code)) throw runtimeError('ImportModuleError', String(error), error);
    throw error;
  }
  const handler = exported.split('.').reduce((value, key) => value?.[key], loaded);
  if (!handler) throw runtimeError('HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw runtimeError('HandlerNotFound', `${name} is not a function`);
  return handler;
}

async function loadModule(root, stem) {
  const script = [`${stem}.js`, `${stem}.mjs`, `${stem}.cjs`].find((file) => fs.existsSync(file));
  if (script === undefined) {
    throw Object.assign(new Error(`Cannot find module '${path.basename(stem)}'`), { code: 'MODULE_NOT_FOUND' });
  }
  if (script.endsWith('.cjs') || (script.endsWith('.js') && !isModulePackage(root, path.dirname(script)))) {
    return createRequire(script)(script);
  }
  register('./confine-modules.mjs', import.meta.url, { data: { root: `${pathToFileURL(root)}/` } });
  return import(pathToFileURL(script).href);
}

function isModulePackage(root, folder) {
  const manifest = path.join(folder, 'package.json');
  if (fs.existsSync(manifest)) return JSON.parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
  return folder === root ? false : isModulePackage(root, path.dirname(folder));
}

const LEVELS = {
  trace: 'TRACE',
  debug: 'DEBUG',
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
};
const RANKS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
let logFormat = 'Text';

/** Developer guide, "Log and monitor Node.js Lambda functions": plain text with time, request id and level, or JSON. */
function patchConsole(start) {
  logFormat = start.logFormat;
  // One pipe keeps what the function writes in order.
  process.stderr.write = process.stdout.write.bind(process.stdout);
  const least = logFormat === 'JSON' ? RANKS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? 'TRACE') : 0;
  for (const [method, level] of Object.entries(LEVELS)) {
    console[method] = RANKS.indexOf(level) < least ? () => {} : (...values) => writeLine(level, values);
  }
}

function writeLine(level, values) {
  const timestamp = new Date().toISOString();
  if (logFormat === 'JSON') {
    const entry = {
      timestamp,
      level,
      requestId: current?.id,
      message: values.length === 1 ? values[0] : util.format(...values),
    };
    const error = values.find((value) => value instanceof Error);
    if (error !== undefined && values.length > 1) Object.assign(entry, jsonError(error));
    let line;
    try {
      line = JSON.stringify(entry, (_key, value) => (value instanceof Error ? jsonError(value) : value));
    } catch {
      line = JSON.stringify({ ...entry, message: util.format(...values) });
    }
    process.stdout.write(`${line}\n`);
  } else {
    // A carriage return keeps the lines of one message in one log event.
    const text = util.format(...values).replaceAll('\n', '\r');
    process.stdout.write(`${timestamp}\t${current?.id}\t${level}\t${text}\n`);
  }
}

function jsonError(error) {
  const { name, message, stack } = error;
  return {
    errorType: error.constructor?.name ?? name,
    errorMessage: message,
    stackTrace: stack?.split('\n'),
    ...error,
  };
}

function logError(title, error) {
  if (logFormat === 'JSON') return writeLine('ERROR', [error instanceof Error ? error : new Error(String(error))]);
  const { name, message, code, stack } = error ?? {};
  const details =
    error instanceof Error
      ? { errorType: name, errorMessage: message, code, ...error, stack: stack?.split('\n') }
      : describe(error);
  let text;
  try {
    text = JSON.stringify(details);
  } catch {
    text = JSON.stringify(describe(error));
  }
  writeLine('ERROR', [`${title} \t${text}`]);
}

/** The error object of an invocation's payload. */
function describe(error) {
  if (util.types.isNativeError(error) || (error?.name && error?.message && error?.stack)) {
    return {
      errorType: String(error.name),
      errorMessage: String(error.message),
      trace: String(error.stack).split('\n'),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function runtimeError(name, message, cause) {
  const error = new Error(message);
  error.name = `Runtime.${name}`;
  if (cause?.stack) error.stack = `${error.name}: ${message}\n${cause.stack}`;
  return error;
}
