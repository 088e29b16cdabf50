import { dirname } from 'node:path';
import type { Credentials } from '../../core/iam/authorizer.ts';
import { invalidParameter } from './errors.ts';
import type { FunctionRecord } from './function-record.ts';
import { MAX_ENVIRONMENT_BYTES } from './limits.ts';

/** Developer guide, "Working with Lambda environment variables", reserved environment variables. */
const RESERVED = [
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
];

/** @throws AwsError `InvalidParameterValueException` for reserved or malformed names and more than 4 KB */
export function checkEnvironment(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const reserved = Object.keys(variables).filter((name) => RESERVED.includes(name));
  const refusal =
    'Lambda was unable to configure your environment variables because the environment variables you have provided';
  if (reserved.length > 0) {
    throw invalidParameter(
      `${refusal} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  for (const name of Object.keys(variables)) {
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name)) {
      throw invalidParameter(`${refusal} hold a malformed name: '${name}' does not satisfy [a-zA-Z]([a-zA-Z0-9_])+`);
    }
  }
  if (Buffer.byteLength(JSON.stringify(variables)) > MAX_ENVIRONMENT_BYTES) {
    throw invalidParameter(`${refusal} exceeded the 4KB limit.`);
  }
  return variables;
}

export interface Surroundings {
  readonly region: string;
  readonly taskRoot: string;
  readonly logStream: string;
  readonly credentials: Credentials;
  readonly apiUrl: string;
  readonly caFile: string;
  /** Directory of the environment's own: its home and its temporary files. */
  readonly scratch: string;
}

/**
 * The whole environment of a function's process: AWS's defined variables, the function's own, and the few that lead
 * the SDK to this cloud. HOME is a directory of its own, so that no AWS profile of the developer is found.
 */
export function processEnvironment(record: FunctionRecord, around: Surroundings): Record<string, string> {
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    ...ownVariables(record, around.apiUrl),
    AWS_REGION: around.region,
    AWS_DEFAULT_REGION: around.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${record.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: record.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(record.memorySize),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: record.logging.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: around.logStream,
    ...logVariables(record),
    _HANDLER: record.handler,
    LAMBDA_TASK_ROOT: around.taskRoot,
    AWS_ACCESS_KEY_ID: around.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: around.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: around.credentials.sessionToken ?? '',
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: around.scratch,
    TMPDIR: around.scratch,
    AWS_ENDPOINT_URL: around.apiUrl,
    NODE_EXTRA_CA_CERTS: around.caFile,
  };
}

/**
 * The function's own variables. A queue URL that a template put there holds the address of the cloud at the time;
 * the SDK would go to that address, so a kept one is led to where the cloud is now.
 */
function ownVariables({ environment = {} }: FunctionRecord, apiUrl: string): Record<string, string> {
  const address = new RegExp(`^https://${new URL(apiUrl).hostname}:\\d+(?=/\\d{12}/[A-Za-z0-9_-]+$)`);
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replace(address, apiUrl)]));
}

/** Set with the JSON format only; Powertools and the runtime read them. */
function logVariables({ logging }: FunctionRecord): Record<string, string> {
  if (logging.logFormat !== 'JSON') return {};
  return { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: logging.applicationLogLevel ?? 'INFO' };
}
