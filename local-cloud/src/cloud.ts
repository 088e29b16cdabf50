import { appendFileSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import type { Account } from './core/account.ts';
import type { ServiceName } from './core/api.ts';
import { type Clock, systemClock } from './core/clock.ts';
import { Dispatcher } from './core/dispatcher.ts';
import { type Entropy, systemEntropy } from './core/entropy.ts';
import { CloudError, messageOf } from './core/errors.ts';
import { startFrontDoor } from './core/http/front-door.ts';
import { operationModels } from './core/http/operation-model.ts';
import { jsonLog, type Log, type LogLevel } from './core/log.ts';
import { Meter, type MeterName } from './core/meter.ts';
import { type CloudContext, type Endpoints, PortRegistry, type ServicePlugin } from './core/plugin.ts';
import { openStore } from './core/store.ts';
import type { ThreadOptions } from './core/threads/service-thread.ts';
import { loadOrCreateServerIdentity } from './core/tls.ts';
import { DataDirectory } from './data-directory.ts';
import type { CloudDescription } from './description.ts';
import { pluginFactories, type Relaxations } from './plugins.ts';
import type { DeployStep } from './template/deploy-stack.ts';
import { RECORDED_TYPES } from './template/recorded-types.ts';
import { type StackRecord, stackRecords } from './template/stack-record.ts';
import { Stacks } from './template/stacks.ts';

export interface LocalCloudOptions {
  readonly dataDirectory: string;
  /** @default 127.0.0.1: the cloud is for this machine */
  readonly host?: string;
  /** HTTPS port of the AWS APIs; 0 takes a free one. @default 4566 */
  readonly port?: number;
  /** Port of MQTT over TLS; 0 takes a free one. @default 8883 */
  readonly mqttPort?: number;
  /** @default 111122223333 */
  readonly accountId?: string;
  /** @default us-east-1 */
  readonly region?: string;
  readonly logLevel?: LogLevel;
  /** For load tests and foreign test suites. */
  readonly relax?: Relaxations;
  /** Sees each log entry of level warn or error. */
  readonly onWarning?: (warning: CloudWarning) => void;
  /** The cloud cannot go on: a write to the data directory failed. The process should end. */
  readonly onFatal?: (error: CloudError) => void;
  /**
   * Modules that serve a service on a thread of its own, by the name of its plugin (`timestream`). It then lives by the
   * system's clock and entropy.
   */
  readonly threads?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
}

export interface CloudWarning {
  readonly level: 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface LocalCloud {
  readonly context: CloudContext;
  describe(): CloudDescription;
  meters(): Partial<Record<MeterName, number>>;
  /** What each API knows and what of it is built; the rest answers 501. */
  operations(): readonly ApiOperations[];
  /** What templates may hold. */
  resourceTypes(): readonly ResourceTypeSupport[];
  /** @throws CloudError */
  deploy(assembly: string, onStep?: (step: DeployStep) => void): Promise<StackRecord[]>;
  /** Ends listeners and work; state is kept. */
  stop(): Promise<void>;
}

/** How a template's resources of one type are taken. */
export interface ResourceTypeSupport {
  /** `AWS::SQS::Queue` */
  readonly type: string;
  /** `run`: it behaves; `recorded`: it is taken into the stack and reported, not executed. */
  readonly support: 'run' | 'recorded';
  /** Of `run`: properties that are honoured, all others refuse; of `recorded`: none is looked at. */
  readonly properties: readonly string[];
  /** Of `recorded`: why. */
  readonly reason?: string;
}

/** Names of one API's operations. */
export interface ApiOperations {
  readonly service: ServiceName;
  readonly known: readonly string[];
  readonly built: readonly string[];
}

/** Where anybody may fetch the CA of the cloud's server certificates, as devices fetch Amazon's root from its own address. */
const CA_PATH = '/_fleetwright/ca.pem';

/** Account number of AWS's own documentation examples. */
const DEFAULT_ACCOUNT = '111122223333';
const DEFAULT_REGION = 'us-east-1';

/** Starts an embedded AWS on a data directory. @throws CloudError */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const directory = new DataDirectory(options.dataDirectory);
  const undo: (() => void | Promise<void>)[] = [() => directory.release()];
  const unwind = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await start(options, directory, undo, unwind);
  } catch (error) {
    await unwind();
    throw error;
  }
}

async function start(
  options: LocalCloudOptions,
  directory: DataDirectory,
  undo: (() => void | Promise<void>)[],
  unwind: () => Promise<void>,
): Promise<LocalCloud> {
  const { host = '127.0.0.1', port = 4566, mqttPort = 8883 } = options;
  const clock = options.clock ?? systemClock;
  const entropy = options.entropy ?? systemEntropy;
  const account: Account = {
    partition: 'aws',
    accountId: options.accountId ?? DEFAULT_ACCOUNT,
    region: options.region ?? DEFAULT_REGION,
  };
  const logFile = directory.file('cloud.log');
  const logHandle = openLogFile(logFile);
  const writeLog = jsonLog((line) => writeLine(logHandle, line), clock.now, options.logLevel ?? 'info');
  const log: Log = (level, message, fields = {}) => {
    writeLog(level, message, fields);
    if (level === 'warn' || level === 'error') options.onWarning?.({ level, message, fields });
  };
  const store = openStore(directory.file('store'), (error) => {
    log('error', error.message);
    options.onFatal?.(error);
  });
  undo.push(() => store.close());
  const meter = new Meter();
  const ports = new PortRegistry();
  const dispatcher = new Dispatcher(ports, meter, entropy);
  const context: CloudContext = {
    account,
    clock,
    entropy,
    store,
    meter,
    log,
    api: dispatcher,
    ports,
    dataDirectory: directory.path,
  };
  const identity = await loadOrCreateServerIdentity(directory.path, clock, entropy);
  ports.provide('serverIdentity', identity);

  const thread = (file: string): ThreadOptions => ({
    file,
    logLevel: options.logLevel ?? 'info',
    onFatal: (error) => options.onFatal?.(error),
  });
  const threads = Object.fromEntries(Object.entries(options.threads ?? {}).map(([name, file]) => [name, thread(file)]));
  const { factories, boundMqttPort } = pluginFactories({ host, mqttPort, relax: options.relax ?? {}, threads });
  const plugins: ServicePlugin[] = factories.map((factory) => factory(context));
  for (const api of plugins.flatMap((plugin) => plugin.apis ?? [])) dispatcher.register(api);

  const frontDoor = await startFrontDoor({ context, dispatcher, identity, host, port });
  undo.push(() => frontDoor.stop());
  const caPem = readFileSync(directory.file('tls/ca.pem'));
  ports.get('frontDoor').route(CA_PATH, async () => ({
    statusCode: 200,
    headers: { 'content-type': 'application/x-pem-file' },
    body: caPem,
  }));
  const endpoints: Endpoints = {
    apiUrl: `https://localhost:${frontDoor.port}`,
    mqttHost: 'localhost',
    get mqttPort() {
      return boundMqttPort();
    },
    caFile: directory.file('tls/ca.pem'),
  };
  ports.provide('endpoints', endpoints);
  const providers = plugins.flatMap((plugin) => plugin.resources ?? []);
  const stacks = new Stacks(context, providers, () => publish());
  ports.provide('stacks', stacks);
  for (const plugin of plugins) {
    await plugin.start?.();
    undo.push(async () => {
      await plugin.stop?.();
    });
  }

  const credentials = ports.get('credentials').administrator();
  directory.write(
    'credentials',
    `[default]\naws_access_key_id = ${credentials.accessKeyId}\naws_secret_access_key = ${credentials.secretAccessKey}\n`,
  );
  const describe = (): CloudDescription => ({
    pid: process.pid,
    accountId: account.accountId,
    region: account.region,
    apiUrl: endpoints.apiUrl,
    mqttHost: endpoints.mqttHost,
    mqttPort: endpoints.mqttPort,
    caFile: endpoints.caFile,
    credentialsFile: directory.file('credentials'),
    dataDirectory: directory.path,
    logFile,
    stacks: [...stackRecords(store).values()].map(describeStack),
  });
  const publish = (): void => directory.write('runtime.json', `${JSON.stringify(describe(), undefined, 2)}\n`);
  publish();
  undo.push(() => rmSync(directory.file('runtime.json'), { force: true }));
  undo.push(() => stacks.settled());
  log('info', 'the local cloud is up', { apiUrl: endpoints.apiUrl, mqttPort: endpoints.mqttPort });

  return {
    context,
    describe,
    meters: () => meter.snapshot(),
    operations: () =>
      dispatcher.apis().map(({ operations, schemas, service }) => ({
        service,
        known: [...operationModels(schemas).keys()].sort(),
        built: operations.map(({ name }) => name).sort(),
      })),
    resourceTypes: () => [
      ...providers.map(({ properties, type }) => ({ type, support: 'run' as const, properties })),
      ...Object.entries(RECORDED_TYPES).map(([type, reason]) => ({
        type,
        support: 'recorded' as const,
        properties: [],
        reason,
      })),
    ],
    async deploy(assembly, onStep) {
      try {
        return await stacks.deploy(assembly, onStep);
      } catch (error) {
        throw isDiskFull(error) ? diskFull(directory.path, error) : error;
      } finally {
        publish();
      }
    },
    stop: unwind,
  };
}

/** Whether a write found no room, however deep in the causes it is. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as NodeJS.ErrnoException).code === 'ENOSPC' || isDiskFull(error.cause);
}

function diskFull(directory: string, cause: unknown): CloudError {
  return new CloudError('DATA_DIRECTORY_UNUSABLE', `${directory} takes no more writes: ${messageOf(cause)}`, { cause });
}

/** A full disk must not end the cloud in the middle of a log line; the store says so where it matters. */
function writeLine(handle: number, line: string): void {
  try {
    writeSync(handle, line);
  } catch {
    // Nowhere left to say it.
  }
}

function openLogFile(file: string): number {
  try {
    appendFileSync(file, '', { mode: 0o600 });
    return openSync(file, 'a');
  } catch (error) {
    throw new CloudError('DATA_DIRECTORY_UNUSABLE', `cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}

function describeStack(record: StackRecord): CloudDescription['stacks'][number] {
  const recorded: Record<string, number> = {};
  for (const { recordedOnly, type } of Object.values(record.resources)) {
    if (recordedOnly) recorded[type] = (recorded[type] ?? 0) + 1;
  }
  const outputs = Object.fromEntries(Object.entries(record.outputs).map(([name, { value }]) => [name, value]));
  return { stackName: record.stackName, outputs, recorded };
}
