import type {
  CreateFunctionRequest,
  FunctionConfiguration,
  UpdateFunctionConfigurationRequest,
} from '@aws-sdk/client-lambda';
import { NotImplementedError } from '../../core/errors.ts';
import { checkEnvironment } from './environment-variables.ts';
import { invalidParameter, validationError } from './errors.ts';
import {
  type FunctionRecord,
  type LoggingSettings,
  SUPPORTED_RUNTIMES,
  type SupportedRuntime,
} from './function-record.ts';
import {
  DEFAULT_EPHEMERAL_STORAGE,
  DEFAULT_MEMORY_SIZE,
  DEFAULT_TIMEOUT,
  MAX_EPHEMERAL_STORAGE,
  MAX_MEMORY_SIZE,
  MAX_TIMEOUT,
} from './limits.ts';

/** Everything of a function that CreateFunction and UpdateFunctionConfiguration set. */
export type FunctionSettings = Pick<
  FunctionRecord,
  | 'runtime'
  | 'handler'
  | 'role'
  | 'description'
  | 'timeout'
  | 'memorySize'
  | 'environment'
  | 'ephemeralStorage'
  | 'tracingMode'
  | 'logging'
  | 'deadLetterArn'
>;

type SettingsInput = Partial<Omit<UpdateFunctionConfigurationRequest, 'FunctionName'>> &
  Pick<Partial<CreateFunctionRequest>, 'KMSKeyArn'>;

export function defaultSettings(name: string): Omit<FunctionSettings, 'runtime' | 'handler' | 'role'> {
  return {
    description: '',
    timeout: DEFAULT_TIMEOUT,
    memorySize: DEFAULT_MEMORY_SIZE,
    environment: undefined,
    ephemeralStorage: DEFAULT_EPHEMERAL_STORAGE,
    tracingMode: 'PassThrough',
    logging: { logFormat: 'Text', logGroup: `/aws/lambda/${name}` },
    deadLetterArn: undefined,
  };
}

/**
 * Changes what the input names and keeps the rest.
 * @throws AwsError for values that AWS refuses, `NotImplemented` for what the local cloud does not run
 */
export function applySettings(current: FunctionSettings, input: SettingsInput, name: string): FunctionSettings {
  refuseUnbuilt(input);
  const settings: { -readonly [K in keyof FunctionSettings]: FunctionSettings[K] } = { ...current };
  if (input.Runtime !== undefined) settings.runtime = checkRuntime(input.Runtime);
  if (input.Handler !== undefined) settings.handler = checkHandler(input.Handler);
  if (input.Role !== undefined) settings.role = checkRole(input.Role);
  if (input.Description !== undefined) settings.description = input.Description;
  if (input.Timeout !== undefined) settings.timeout = within(input.Timeout, 'timeout', 1, MAX_TIMEOUT);
  if (input.MemorySize !== undefined) {
    settings.memorySize = within(input.MemorySize, 'memorySize', DEFAULT_MEMORY_SIZE, MAX_MEMORY_SIZE);
  }
  if (input.Environment !== undefined) settings.environment = checkEnvironment(input.Environment.Variables ?? {});
  if (input.EphemeralStorage?.Size !== undefined) {
    const { Size } = input.EphemeralStorage;
    settings.ephemeralStorage = within(Size, 'ephemeralStorage.size', DEFAULT_EPHEMERAL_STORAGE, MAX_EPHEMERAL_STORAGE);
  }
  if (input.TracingConfig?.Mode !== undefined) {
    const { Mode } = input.TracingConfig;
    if (Mode !== 'Active' && Mode !== 'PassThrough') {
      throw validationError(Mode, 'tracingConfig.mode', 'Member must satisfy enum value set: [Active, PassThrough]');
    }
    settings.tracingMode = Mode;
  }
  if (input.LoggingConfig !== undefined) settings.logging = loggingOf(input.LoggingConfig, name);
  if (input.DeadLetterConfig !== undefined) settings.deadLetterArn = checkDeadLetter(input.DeadLetterConfig.TargetArn);
  return settings;
}

function refuseUnbuilt(input: SettingsInput): void {
  const { VpcConfig, Layers, FileSystemConfigs, SnapStart, KMSKeyArn, ImageConfig } = input;
  const refused: [boolean, string][] = [
    [(VpcConfig?.SubnetIds?.length ?? 0) > 0, 'VpcConfig'],
    [(Layers?.length ?? 0) > 0, 'Layers'],
    [(FileSystemConfigs?.length ?? 0) > 0, 'FileSystemConfigs'],
    [SnapStart?.ApplyOn === 'PublishedVersions', 'SnapStart'],
    [KMSKeyArn !== undefined && KMSKeyArn !== '', 'KMSKeyArn'],
    [ImageConfig !== undefined, 'ImageConfig'],
    ['DurableConfig' in input && input.DurableConfig !== undefined, 'DurableConfig'],
    ['CapacityProviderConfig' in input && input.CapacityProviderConfig !== undefined, 'CapacityProviderConfig'],
  ];
  for (const [present, property] of refused) if (present) throw new NotImplementedError(`Lambda ${property}`);
}

/** Runtimes that AWS has but does not take for new functions (developer guide, "Lambda runtimes", 2026-08). */
const CLOSED_RUNTIME = /^nodejs(\d|1\d|20)?(\.x|\.\d+|\.\d+-edge)?$/;

function checkRuntime(runtime: string): SupportedRuntime {
  const supported = SUPPORTED_RUNTIMES.find((each) => each === runtime);
  if (supported !== undefined) return supported;
  if (CLOSED_RUNTIME.test(runtime)) {
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  throw new NotImplementedError(`Lambda runtime ${runtime} (the local cloud runs ${SUPPORTED_RUNTIMES.join(' and ')})`);
}

function checkHandler(handler: string): string {
  if (!/^[^\s]{1,128}$/.test(handler)) {
    throw validationError(handler, 'handler', 'Member must satisfy regular expression pattern: [^\\s]+');
  }
  return handler;
}

function checkRole(role: string): string {
  if (!/^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/.test(role)) {
    throw validationError(
      role,
      'role',
      'Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+',
    );
  }
  return role;
}

function within(value: number, field: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least) {
    throw validationError(value, field, `Member must have value greater than or equal to ${least}`);
  }
  if (value > most) throw validationError(value, field, `Member must have value less than or equal to ${most}`);
  return value;
}

function loggingOf(input: NonNullable<SettingsInput['LoggingConfig']>, name: string): LoggingSettings {
  const logGroup = input.LogGroup ?? `/aws/lambda/${name}`;
  const logFormat = input.LogFormat ?? 'Text';
  if (logFormat !== 'Text' && logFormat !== 'JSON') {
    throw validationError(logFormat, 'loggingConfig.logFormat', 'Member must satisfy enum value set: [JSON, Text]');
  }
  if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(logGroup)) {
    throw validationError(
      logGroup,
      'loggingConfig.logGroup',
      'Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+',
    );
  }
  if (logFormat === 'Text') {
    if (input.ApplicationLogLevel !== undefined || input.SystemLogLevel !== undefined) {
      throw invalidParameter('To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to JSON.');
    }
    return { logFormat, logGroup };
  }
  return {
    logFormat,
    logGroup,
    applicationLogLevel: input.ApplicationLogLevel ?? 'INFO',
    systemLogLevel: input.SystemLogLevel ?? 'INFO',
  };
}

function checkDeadLetter(target: string | undefined): string | undefined {
  if (target === undefined || target === '') return undefined;
  if (target.startsWith('arn:aws:sns:')) throw new NotImplementedError('Lambda DeadLetterConfig with an SNS topic');
  if (!/^arn:aws:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/.test(target)) {
    throw invalidParameter(`The provided dead letter target ${target} is invalid.`);
  }
  return target;
}

/** A function as the API shows it. */
export function configurationOf(record: FunctionRecord): FunctionConfiguration {
  const { logging } = record;
  return {
    FunctionName: record.name,
    FunctionArn: record.arn,
    Runtime: record.runtime,
    Role: record.role,
    Handler: record.handler,
    CodeSize: record.code.size,
    Description: record.description,
    Timeout: record.timeout,
    MemorySize: record.memorySize,
    LastModified: record.lastModified,
    CodeSha256: Buffer.from(record.code.digest, 'hex').toString('base64'),
    Version: '$LATEST',
    DeadLetterConfig: record.deadLetterArn === undefined ? undefined : { TargetArn: record.deadLetterArn },
    Environment: record.environment === undefined ? undefined : { Variables: { ...record.environment } },
    TracingConfig: { Mode: record.tracingMode },
    RevisionId: record.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [record.architecture],
    EphemeralStorage: { Size: record.ephemeralStorage },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: {
      LogFormat: logging.logFormat,
      LogGroup: logging.logGroup,
      ApplicationLogLevel: logging.applicationLogLevel,
      SystemLogLevel: logging.systemLogLevel,
    },
  };
}
