import type { CreateFunctionRequest } from '@aws-sdk/client-lambda';
import { AwsError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceScope, ResourceState } from '../../../core/resources.ts';
import { invalidParameter } from '../errors.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import type { FunctionRecord, InstalledCode } from '../function-record.ts';
import { applySettings, defaultSettings } from '../function-settings.ts';
import { checkReservedConcurrency } from '../operations/concurrency.ts';

export interface FunctionProperties
  extends Omit<CreateFunctionRequest, 'Code' | 'Tags' | 'FunctionName' | 'Timeout' | 'MemorySize'> {
  Code: { S3Bucket?: string; S3Key?: string; ZipFile?: string };
  FunctionName?: string;
  /** Numbers may come as text through parameters. */
  Timeout?: number | string;
  MemorySize?: number | string;
  ReservedConcurrentExecutions?: number | string;
  Tags?: { Key: string; Value: string }[];
}

/** AWS::Lambda::Function. VPC, layers, images, file systems and SnapStart are left out, and so refuse to start. */
export function functionResource(functions: FunctionDirectory): ResourceProvider<FunctionProperties> {
  return {
    type: 'AWS::Lambda::Function',
    replaceOn: ['FunctionName', 'PackageType'],
    properties: [
      'Architectures',
      'Code',
      'DeadLetterConfig',
      'Description',
      'Environment',
      'EphemeralStorage',
      'FunctionName',
      'Handler',
      'LoggingConfig',
      'MemorySize',
      'PackageType',
      'ReservedConcurrentExecutions',
      'Role',
      'Runtime',
      'Tags',
      'Timeout',
      'TracingConfig',
    ],
    async create(properties, scope) {
      const name = properties.FunctionName ?? scope.generateName(64);
      const code = install(functions, properties, scope);
      const record = await functions.create(
        { ...inputOf(properties), FunctionName: name } as CreateFunctionRequest,
        code,
      );
      return stateOf(await reserve(functions, record, properties));
    },
    async update(properties, _previous, state, scope) {
      const runner = functions.require(state.physicalId);
      const input = inputOf(properties);
      const blank = {
        ...defaultSettings(runner.record.name),
        runtime: runner.record.runtime,
        handler: runner.record.handler,
        role: runner.record.role,
      };
      const [architecture = 'x86_64'] = input.Architectures ?? [];
      const change = {
        ...applySettings(blank, input, runner.record.name),
        architecture: architecture as FunctionRecord['architecture'],
        code: install(functions, properties, scope),
        tags: { ...input.Tags },
      };
      return stateOf(await reserve(functions, await functions.change(runner, change, true), properties));
    },
    async delete(state) {
      try {
        await functions.delete(functions.require(state.physicalId));
      } catch (error) {
        if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error;
      }
    },
  };
}

function stateOf(record: FunctionRecord): ResourceState {
  return { physicalId: record.name, attributes: { Arn: record.arn } };
}

function inputOf(properties: FunctionProperties): Omit<CreateFunctionRequest, 'Code' | 'FunctionName'> {
  const { Code, FunctionName, Tags, Timeout, MemorySize, ReservedConcurrentExecutions, ...rest } = properties;
  return {
    ...rest,
    Timeout: Timeout === undefined ? undefined : Number(Timeout),
    MemorySize: MemorySize === undefined ? undefined : Number(MemorySize),
    Tags: Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value])),
  };
}

function install(functions: FunctionDirectory, { Code }: FunctionProperties, scope: ResourceScope): InstalledCode {
  if (Code.ZipFile !== undefined) return functions.code.installInline(Code.ZipFile);
  if (Code.S3Bucket === undefined || Code.S3Key === undefined) {
    throw invalidParameter('Please provide a source for function code.');
  }
  return functions.code.installPath(scope.assetPath(Code.S3Bucket, Code.S3Key));
}

async function reserve(
  functions: FunctionDirectory,
  record: FunctionRecord,
  { ReservedConcurrentExecutions: asked }: FunctionProperties,
): Promise<FunctionRecord> {
  const reservedConcurrency = asked === undefined ? undefined : checkReservedConcurrency(Number(asked));
  if (reservedConcurrency === record.reservedConcurrency) return record;
  return functions.change(functions.require(record.name), { reservedConcurrency }, false);
}
