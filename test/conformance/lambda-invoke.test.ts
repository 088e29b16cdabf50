import { LambdaCloud, outlast, until } from './lambda-cloud.ts';

/** Sources: AWS Lambda developer guide and API reference (Invoke); error objects as AWS answers them. */

let cloud: LambdaCloud;

beforeEach(async () => {
  cloud = await new LambdaCloud().start();
});

afterEach(() => cloud.close());

test('runs an async handler with the event and the documented context', async () => {
  await cloud.function(
    `exports.handler = async (event, context) => ({ event, remaining: context.getRemainingTimeInMillis(), context });`,
    { Timeout: 7, MemorySize: 256 },
  );
  const { response, payload } = await cloud.invoke({ a: [1, 'ü'] });
  expect(response).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST', FunctionError: undefined });
  expect(payload.event).toEqual({ a: [1, 'ü'] });
  expect(payload.remaining).toBeGreaterThan(5000);
  expect(payload.remaining).toBeLessThanOrEqual(7000);
  expect(payload.context).toEqual({
    functionVersion: '$LATEST',
    functionName: 'fn',
    memoryLimitInMB: '256',
    logGroupName: '/aws/lambda/fn',
    logStreamName: expect.stringMatching(/^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/),
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:fn',
    awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(cloud.cloud.meter.get('lambda.invocations')).toBe(1);
  expect(cloud.cloud.meter.get('lambda.coldStarts')).toBe(1);
});

test('the environment is the documented one and the function`s own; nothing of the host is in it', async () => {
  process.env.HOST_SECRET = 'must not be seen';
  await cloud.function('exports.handler = async () => ({ env: process.env, cwd: process.cwd() });', {
    Environment: { Variables: { TABLE: 'a', NODE_OPTIONS: '--enable-source-maps' } },
    MemorySize: 512,
  });
  delete process.env.HOST_SECRET;
  const { payload } = await cloud.invoke();
  expect(payload.env).toEqual({
    TABLE: 'a',
    NODE_OPTIONS: '--enable-source-maps',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'fn',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/fn',
    AWS_LAMBDA_LOG_STREAM_NAME: expect.any(String),
    AWS_ACCESS_KEY_ID: 'ASIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_ENDPOINT_URL: 'https://localhost:4566',
    NODE_EXTRA_CA_CERTS: '',
    _HANDLER: 'index.handler',
    _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
    LAMBDA_TASK_ROOT: payload.cwd,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: expect.any(String),
    HOME: expect.stringContaining(cloud.directory),
    TMPDIR: expect.stringContaining(cloud.directory),
  });
});

test.each([
  [
    'index.mjs with top-level await',
    { 'index.mjs': 'const n = await 7; export const handler = async () => n;' },
    'index.handler',
  ],
  [
    'a package of type module',
    {
      'package.json': '{"type":"module"}',
      'index.js':
        'import fs from "node:fs"; export const handler = async () => typeof fs.readFileSync === "function" && 7;',
    },
    'index.handler',
  ],
  ['a folder and a nested export', { 'src/app.cjs': 'exports.api = { get: async () => 7 };' }, 'src/app.api.get'],
])('loads %s', async (_title, files, Handler) => {
  await cloud.function(files as Record<string, string>, { Handler });
  expect((await cloud.invoke()).payload).toBe(7);
});

test('a callback handler runs on nodejs22.x and waits for the event loop to be empty', async () => {
  const source = `exports.handler = (event, context, callback) => {
    if (event.fail) return callback(new TypeError('no'));
    if (event.none) return;
    if (event.at) context.callbackWaitsForEmptyEventLoop = false;
    let late = false;
    callback(null, { get late() { return late; } });
    setTimeout(() => { late = true; }, 30);
  };`;
  await cloud.function(source, { Runtime: 'nodejs22.x' });
  expect((await cloud.invoke()).payload).toEqual({ late: true });
  expect((await cloud.invoke({ at: 'once' })).payload).toEqual({ late: false });
  expect((await cloud.invoke({ fail: true })).payload).toMatchObject({ errorType: 'TypeError', errorMessage: 'no' });
  expect((await cloud.invoke({ none: true })).payload).toBeNull();
});

test('a callback handler on nodejs24.x fails as on AWS', async () => {
  await cloud.function('exports.handler = (event, context, callback) => callback(null, 1);');
  const { response, payload } = await cloud.invoke();
  expect(response.FunctionError).toBe('Unhandled');
  expect(payload.errorType).toBe('Runtime.CallbackHandlerDeprecated');
});

test('a thrown error is answered with type, message and trace, and counted', async () => {
  await cloud.function(`class OrderError extends Error { constructor(m) { super(m); this.name = 'OrderError'; } }
    exports.handler = async (event) => { throw event.text ? event.text : new OrderError('bad order'); };`);
  const { response, payload } = await cloud.invoke();
  expect(response).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
  expect(payload).toEqual({
    errorType: 'OrderError',
    errorMessage: 'bad order',
    trace: expect.arrayContaining(['OrderError: bad order', expect.stringContaining('index.js:2')]),
  });
  expect((await cloud.invoke({ text: 'just text' })).payload).toEqual({
    errorType: 'string',
    errorMessage: 'just text',
    trace: [],
  });
  expect(cloud.cloud.meter.get('lambda.errors')).toBe(2);
  expect(cloud.reports.map((report) => report.message)).toContain('a function failed');
});

test('a function that exceeds its timeout is killed by the clock, and the next invocation starts afresh', async () => {
  await cloud.function(
    `let n = 0; exports.handler = async (event) => { n++; if (event.hang) await new Promise(() => setInterval(() => {}, 1000)); return { n, pid: process.pid }; };`,
    {
      Timeout: 3,
    },
  );
  const { payload: first } = await cloud.invoke();
  const began = cloud.clock.now();
  const { response, payload } = await outlast(cloud.clock, cloud.invoke({ hang: true }));
  expect(cloud.clock.now() - began).toBeGreaterThanOrEqual(3000);
  expect(response.FunctionError).toBe('Unhandled');
  expect(payload.errorType).toBe('Sandbox.Timedout');
  expect(payload.errorMessage).toMatch(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 3\.00 seconds$/);
  await until(() => !isRunning(first.pid));
  expect((await cloud.invoke()).payload.n).toBe(1);
});

test('a function that blocks its thread is killed all the same', async () => {
  await cloud.function('exports.handler = async () => { for (;;); };', { Timeout: 1 });
  expect((await outlast(cloud.clock, cloud.invoke(), 10)).payload.errorType).toBe('Sandbox.Timedout');
});

test.each([
  ['process.exit(0)', 'Runtime exited without providing a reason'],
  ['process.exit(3)', 'Runtime exited with error: exit status 3'],
  ['process.kill(process.pid, "SIGKILL")', 'Runtime exited with error: signal: killed'],
])('%s ends in Runtime.ExitError', async (statement, reason) => {
  await cloud.function(`exports.handler = async () => { ${statement}; await new Promise(() => {}); };`);
  const { payload } = await cloud.invoke();
  expect(payload.errorType).toBe('Runtime.ExitError');
  expect(payload.errorMessage).toMatch(new RegExp(`^RequestId: [0-9a-f-]{36} Error: ${reason}$`));
});

test('memory beyond the setting ends the process', async () => {
  await cloud.function('exports.handler = async () => { const a = []; for (;;) a.push(new Array(1000).fill({})); };', {
    MemorySize: 128,
    Timeout: 60,
  });
  expect((await cloud.invoke()).payload).toMatchObject({
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringMatching(/signal: (aborted|trace)/),
  });
});

test('errors outside of the handler`s promise end the invocation and the process', async () => {
  await cloud.function(`exports.handler = async (event) => {
    if (event.reject) Promise.reject(new Error('forgotten'));
    else setTimeout(() => { throw new RangeError('late'); }, 1);
    await new Promise((resolve) => setTimeout(resolve, 5000));
  };`);
  expect((await cloud.invoke()).payload).toMatchObject({ errorType: 'RangeError', errorMessage: 'late' });
  expect((await cloud.invoke({ reject: true })).payload).toMatchObject({
    errorType: 'Runtime.UnhandledPromiseRejection',
    errorMessage: 'Error: forgotten',
  });
  expect(cloud.cloud.meter.get('lambda.coldStarts')).toBe(2);
});

test('a promise that nothing will settle fails instead of waiting for the timeout', async () => {
  await cloud.function('exports.handler = async () => { await new Promise(() => {}); };');
  expect((await cloud.invoke()).payload.errorType).toBe('Runtime.NodeJsExit');
});

test('a response over 6 MB, or one that is no JSON, is an error', async () => {
  await cloud.function(`exports.handler = async (event) => {
    if (event.loop) { const a = {}; a.a = a; return a; }
    return 'x'.repeat(event.length);
  };`);
  expect((await cloud.invoke({ length: 6_291_554 })).payload).toHaveLength(6_291_554);
  expect((await cloud.invoke({ length: 6_291_555 })).payload).toEqual({
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
  });
  expect((await cloud.invoke({ loop: true })).payload.errorMessage).toBe('Unable to stringify response body');
});

test.each([
  ['a missing export', 'exports.other = 1;', 'Runtime.HandlerNotFound', 'index.handler is undefined or not exported'],
  ['a syntax error', 'exports.handler = async () => {', 'Runtime.UserCodeSyntaxError', 'SyntaxError'],
  [
    'a missing module',
    'require("left-pad-of-nowhere");',
    'Runtime.ImportModuleError',
    "Cannot find module 'left-pad-of-nowhere'",
  ],
  ['an error while loading', 'throw new TypeError("early");', 'TypeError', 'early'],
])('%s fails the invocation', async (_title, source, errorType, message) => {
  await cloud.function(source);
  const { response, payload } = await cloud.invoke();
  expect(response.FunctionError).toBe('Unhandled');
  expect(payload).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) });
});

test('a bundle does not find packages that lie above it on this machine, except the SDK of the runtime', async () => {
  // zod is installed in the repository's node_modules; on AWS it would not be there.
  const probe = (name: string, how: string) =>
    `const attempt = async () => ${how};
    module.exports.handler = async () => attempt().then(() => 'found', (error) => error.code);`.replaceAll(
      'NAME',
      name,
    );
  const root = process.cwd();
  const paths = { NODE_PATH: `${root}/node_modules` };
  await cloud.function(probe('zod', 'require("NAME")'), { Environment: { Variables: paths } }, 'cjs');
  expect((await cloud.invoke({}, { FunctionName: 'cjs' })).payload).toBe('MODULE_NOT_FOUND');
  await cloud.function(probe('@aws-sdk/client-sqs', 'require("NAME")'), {}, 'sdk');
  expect((await cloud.invoke({}, { FunctionName: 'sdk' })).payload).toBe('found');
  await cloud.function(
    {
      'index.mjs': `export const handler = async (name) => import(name).then(() => 'found', (error) => error.code);`,
      'node_modules/own/index.js': 'exports.a = 1;',
    },
    {},
    'esm',
  );
  const imported = async (name: string) => (await cloud.invoke(name, { FunctionName: 'esm' })).payload;
  expect(await imported('own')).toBe('found');
  expect(await imported('node:fs')).toBe('found');
  expect(await imported('zod')).toBe('ERR_MODULE_NOT_FOUND');
  expect(await imported('@aws-sdk/client-sqs')).toBe('found');
});

test('requests are checked as the API does', async () => {
  await cloud.function('exports.handler = async (event) => event;');
  const payload = (text: string | Buffer) => cloud.invoke({}, { Payload: Buffer.from(text) as never });
  await expect(cloud.invoke({}, { FunctionName: 'absent' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
    message: 'Function not found: arn:aws:lambda:us-east-1:123456789012:function:absent',
    statusCode: 404,
  });
  await expect(cloud.invoke({}, { Qualifier: '7' })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  await expect(payload('{no json')).rejects.toMatchObject({ code: 'InvalidRequestContentException', statusCode: 400 });
  await expect(payload(Buffer.from([0x22, 0xff, 0x22]))).rejects.toMatchObject({
    code: 'InvalidRequestContentException',
  });
  await expect(payload(`"${'x'.repeat(6_291_455)}"`)).rejects.toMatchObject({
    code: 'RequestTooLargeException',
    statusCode: 413,
  });
  expect((await cloud.invoke({}, { InvocationType: 'DryRun' })).response).toEqual({ StatusCode: 204 });
  const { payload: echoed } = await cloud.invoke({ a: 1 }, { FunctionName: '123456789012:function:fn:$LATEST' });
  expect(echoed).toEqual({ a: 1 });
  expect((await cloud.call<{ Payload: Buffer }>('Invoke', { FunctionName: 'fn' })).Payload.toString()).toBe('{}');
});

test('a client context reaches the function', async () => {
  await cloud.function('exports.handler = async (event, context) => context.clientContext;');
  const ClientContext = Buffer.from('{"custom":{"a":"b"}}').toString('base64');
  expect((await cloud.invoke({}, { ClientContext })).payload).toEqual({ custom: { a: 'b' } });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
