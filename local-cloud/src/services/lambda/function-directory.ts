import type { CreateFunctionRequest, FunctionCode } from '@aws-sdk/client-lambda';
import { uuid } from '../../core/entropy.ts';
import { AwsError, messageOf, NotImplementedError } from '../../core/errors.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { Principal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { bytesOf } from './bytes-of.ts';
import type { CodeStore } from './code-store.ts';
import type { EnvironmentFactory } from './environment-factory.ts';
import { functionNotFound, invalidParameter, resourceConflict, validationError } from './errors.ts';
import { functionArn, parseFunctionName } from './function-name.ts';
import type { FunctionRecord, InstalledCode } from './function-record.ts';
import { FunctionRunner } from './function-runner.ts';
import { applySettings, defaultSettings } from './function-settings.ts';

/** All functions of the account: created, changed, found by name, kept on disk. */
export class FunctionDirectory {
  readonly context: CloudContext;
  readonly code: CodeStore;
  readonly factory: EnvironmentFactory;
  readonly #kept: Collection<FunctionRecord>;
  readonly #runners = new Map<string, FunctionRunner>();
  readonly #permissions = new Map<string, readonly Permission[]>();

  constructor(context: CloudContext, code: CodeStore, factory: EnvironmentFactory) {
    this.context = context;
    this.code = code;
    this.factory = factory;
    this.#kept = context.store.collection('lambda/functions');
    for (const record of this.#kept.values()) {
      this.#runners.set(record.name, new FunctionRunner(context, factory, record));
    }
    this.#clearCode();
  }

  find(name: string): FunctionRunner | undefined {
    return this.#runners.get(name);
  }

  /**
   * The function that a request names. Versions and aliases are not built: only `$LATEST` is there.
   * @throws AwsError `ResourceNotFoundException`
   */
  require(text: string | undefined, qualifier?: string): FunctionRunner {
    const reference = parseFunctionName(text, this.context.account, qualifier);
    const arn = functionArn(this.context.account, reference.name);
    const runner = this.#runners.get(reference.name);
    if (runner === undefined) throw functionNotFound(arn);
    if (reference.qualifier !== undefined && reference.qualifier !== '$LATEST') {
      throw functionNotFound(`${arn}:${reference.qualifier}`);
    }
    return runner;
  }

  /** What an operation on a function asks of IAM, with the function's own policy. */
  permissions(action: string, text: string | undefined): readonly Permission[] {
    const { name } = parseFunctionName(text, this.context.account);
    const key = `${action} ${name}`;
    let permissions = this.#permissions.get(key);
    if (permissions === undefined) {
      const record = this.#runners.get(name)?.record;
      const resourcePolicy =
        record === undefined || record.policy.length === 0
          ? undefined
          : { Version: '2012-10-17' as const, Id: 'default', Statement: [...record.policy] };
      permissions = [{ action, resource: functionArn(this.context.account, name), resourcePolicy }];
      this.#permissions.set(key, permissions);
    }
    return permissions;
  }

  /** By name. */
  all(): FunctionRecord[] {
    return [...this.#runners.values()].map((runner) => runner.record).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws AwsError `ResourceConflictException` for a name that is taken, and those of the settings */
  async create(input: CreateFunctionRequest, code: InstalledCode): Promise<FunctionRecord> {
    const { account } = this.context;
    const { name } = parseFunctionName(input.FunctionName, account);
    if (this.#runners.has(name)) throw resourceConflict(`Function already exist: ${name}`);
    if (input.PackageType !== undefined && input.PackageType !== 'Zip') {
      throw new NotImplementedError(`Lambda PackageType ${input.PackageType}`);
    }
    if (input.Publish === true) throw new NotImplementedError('Lambda Publish (versions)');
    const { Runtime, Handler, Role } = input;
    if (Runtime === undefined || Handler === undefined) {
      throw invalidParameter(
        'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
      );
    }
    if (Role === undefined) throw validationError(null, 'role', 'Member must not be null');
    const blank = { ...defaultSettings(name), runtime: 'nodejs24.x' as const, handler: Handler, role: Role };
    const record: FunctionRecord = {
      ...applySettings(blank, input, name),
      name,
      arn: functionArn(account, name),
      architecture: architectureOf(input.Architectures),
      tags: { ...input.Tags },
      code,
      ...this.#stamp(),
      reservedConcurrency: undefined,
      policy: [],
      eventInvoke: undefined,
    };
    this.#requireRole(record);
    this.#runners.set(name, new FunctionRunner(this.context, this.factory, record));
    await this.#keep(record);
    return record;
  }

  /** Changes a function; `stamped` for what counts as a modification of its code or configuration. */
  async change(runner: FunctionRunner, change: Partial<FunctionRecord>, stamped: boolean): Promise<FunctionRecord> {
    const record = { ...runner.record, ...change, ...(stamped ? this.#stamp() : {}) };
    if (record.role !== runner.record.role) this.#requireRole(record);
    const oldCode = runner.record.code.digest;
    runner.update(record);
    await this.#keep(record);
    if (oldCode !== record.code.digest) this.#clearCode();
    return record;
  }

  async delete(runner: FunctionRunner): Promise<void> {
    const { name } = runner.record;
    runner.close();
    this.#runners.delete(name);
    this.#permissions.clear();
    this.#kept.delete(name);
    this.#clearCode();
    await this.context.store.durable();
  }

  /** Keeps no environment for later any more. */
  close(): void {
    for (const runner of this.#runners.values()) runner.close();
  }

  /** Resolves when the invocations that run now have ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.settled()));
  }

  /** Code as the API hands it over: a ZIP archive, or one in S3 that the caller may read. */
  async install(input: Omit<FunctionCode, 'SourceKMSKeyArn'>, caller: Principal): Promise<InstalledCode> {
    if (input.ImageUri !== undefined) throw new NotImplementedError('Lambda container images');
    if (input.ZipFile !== undefined) return this.code.installZip(input.ZipFile);
    const { S3Bucket, S3Key, S3ObjectVersion } = input;
    if (S3Bucket === undefined || S3Key === undefined) {
      throw invalidParameter('Please provide a source for function code.');
    }
    try {
      const object = await this.context.api.call<{ Body: unknown }>(caller, 's3', 'GetObject', {
        Bucket: S3Bucket,
        Key: S3Key,
        VersionId: S3ObjectVersion,
      });
      return this.code.installZip(await bytesOf(object.Body));
    } catch (error) {
      if (!(error instanceof AwsError) || error.code === 'InvalidParameterValueException') throw error;
      throw invalidParameter(
        `Error occurred while GetObject. S3 Error Code: ${error.code}. S3 Error Message: ${messageOf(error)}`,
      );
    }
  }

  async #keep(record: FunctionRecord): Promise<void> {
    this.#permissions.clear();
    this.#kept.put(record.name, record);
    await this.context.store.durable();
  }

  #stamp(): Pick<FunctionRecord, 'lastModified' | 'revisionId'> {
    const lastModified = new Date(this.context.clock.now()).toISOString().replace('Z', '+0000');
    return { lastModified, revisionId: uuid(this.context.entropy) };
  }

  #requireRole(record: FunctionRecord): void {
    try {
      this.factory.assumeRole(record);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw invalidParameter(`The role defined for the function cannot be assumed by Lambda. (${error.message})`);
    }
  }

  #clearCode(): void {
    this.code.keepOnly(new Set(this.all().map((record) => record.code.digest)));
  }
}

function architectureOf(architectures: readonly string[] | undefined): FunctionRecord['architecture'] {
  const [architecture = 'x86_64', ...more] = architectures ?? [];
  if (more.length > 0 || (architecture !== 'x86_64' && architecture !== 'arm64')) {
    throw validationError(architectures, 'architectures', 'Member must satisfy enum value set: [x86_64, arm64]');
  }
  return architecture;
}
