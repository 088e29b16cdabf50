import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { AssumedRole } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { CodeStore } from './code-store.ts';
import { processEnvironment } from './environment-variables.ts';
import { ExecutionEnvironment } from './execution-environment.ts';
import type { FunctionRecord } from './function-record.ts';
import { CREDENTIAL_LIFETIME, HEAP_SHARE, MAX_RESPONSE_BYTES } from './limits.ts';
import { LogShipper } from './log-shipper.ts';

/** A running environment with what belongs to it. */
export interface LaunchedEnvironment {
  readonly process: ExecutionEnvironment;
  readonly record: FunctionRecord;
  readonly logs: LogShipper;
  /** ms since the epoch: its credentials run out. */
  readonly expires: number;
  /** ms since the epoch of its last invocation. */
  lastUsed: number;
  /** Sees each line of output of the invocation that runs. */
  onLine: ((line: string) => void) | undefined;
}

/** Starts processes for functions, with the role's credentials, a scratch directory and a log stream of their own. */
export class EnvironmentFactory {
  readonly #context: CloudContext;
  readonly #code: CodeStore;
  readonly #scratch: string;
  readonly #reported = new Set<string>();
  readonly #running = new Set<LaunchedEnvironment>();
  readonly #pendingLogs = new Set<LogShipper>();
  #stopped = false;

  constructor(context: CloudContext, code: CodeStore, directory: string) {
    this.#context = context;
    this.#code = code;
    this.#scratch = join(directory, 'tmp');
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  /** The function's role, taken on by Lambda. @throws AwsError when the role does not exist or does not trust Lambda */
  assumeRole(record: FunctionRecord): AssumedRole {
    const service = { kind: 'service', service: 'lambda.amazonaws.com' } as const;
    return this.#context.ports.get('authorizer').assumeRole(service, record.role, record.name);
  }

  /** @throws AwsError when the role cannot be taken on, `ServiceException` after a stop */
  launch(record: FunctionRecord): LaunchedEnvironment {
    if (this.#stopped) throw new AwsError('ServiceException', 'The local cloud is stopping.', 500);
    const { account, clock, entropy, meter, ports } = this.#context;
    const principal = this.assumeRole(record);
    const credentials = ports.get('credentials').issue(principal, CREDENTIAL_LIFETIME);
    const { apiUrl, caFile } = ports.get('endpoints');
    const instance = entropy.bytes(16).toString('hex');
    const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const logStream = `${day}/[$LATEST]${instance}`;
    const scratch = join(this.#scratch, instance);
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    const taskRoot = this.#code.directoryOf(record.code);
    const logs = new LogShipper(
      this.#context,
      principal,
      record.logging.logGroup,
      logStream,
      (kind, message) => this.#reportOnce(record.name, kind, message),
      this.#pendingLogs,
    );
    meter.count('lambda.coldStarts');
    this.#tellRuntime(record.runtime);
    const environment: LaunchedEnvironment = {
      record,
      logs,
      expires: clock.now() + CREDENTIAL_LIFETIME,
      lastUsed: clock.now(),
      onLine: undefined,
      process: new ExecutionEnvironment(
        {
          start: {
            taskRoot,
            handler: record.handler,
            runtime: record.runtime,
            logFormat: record.logging.logFormat,
            mark: entropy.bytes(16).toString('hex'),
            maxResponseBytes: MAX_RESPONSE_BYTES,
          },
          variables: processEnvironment(record, {
            region: account.region,
            taskRoot,
            logStream,
            credentials,
            apiUrl,
            caFile,
            scratch,
          }),
          heap: Math.floor(record.memorySize * HEAP_SHARE),
          line: (line) => {
            logs.add(line);
            environment.onLine?.(line);
          },
          exited: () => this.#exited(environment, scratch),
        },
        clock,
      ),
    };
    this.#running.add(environment);
    return environment;
  }

  /** Ends every process; resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running].map((environment) => environment.process.kill()));
  }

  /** Resolves when all lines written so far are stored or dropped. */
  async flushLogs(): Promise<void> {
    await Promise.all([...this.#pendingLogs].map((logs) => logs.flush()));
  }

  #exited(environment: LaunchedEnvironment, scratch: string): void {
    this.#running.delete(environment);
    try {
      rmSync(scratch, { recursive: true, force: true });
    } catch (error) {
      this.#context.log('warn', 'scratch directory of a function could not be removed', { error: messageOf(error) });
    }
  }

  /** The machine's own Node.js stands in for the managed runtime. */
  #tellRuntime(runtime: string): void {
    if (this.#reported.has(runtime)) return;
    this.#reported.add(runtime);
    this.#context.log('info', 'functions run on the Node.js of this machine', { runtime, node: process.version });
  }

  #reportOnce(name: string, kind: string, message: string): void {
    if (this.#reported.has(`${name}\0${kind}`)) return;
    this.#reported.add(`${name}\0${kind}`);
    this.#context.log('warn', message, { function: name });
  }
}
