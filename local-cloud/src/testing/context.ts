import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '../core/account.ts';
import { type Clock, ManualClock } from '../core/clock.ts';
import { Dispatcher } from '../core/dispatcher.ts';
import { type Entropy, seededEntropy } from '../core/entropy.ts';
import { AwsError } from '../core/errors.ts';
import type { Authorizer, Permission } from '../core/iam/authorizer.ts';
import type { Principal } from '../core/iam/principal.ts';
import { silentLog } from '../core/log.ts';
import { Meter } from '../core/meter.ts';
import { type CloudContext, type PluginFactory, PortRegistry, type ServicePlugin } from '../core/plugin.ts';
import type { ResourceScope } from '../core/resources.ts';
import { openStore, type Store } from '../core/store.ts';

export const TEST_ACCOUNT: Account = { partition: 'aws', accountId: '123456789012', region: 'us-east-1' };

export const ADMINISTRATOR: Principal = {
  kind: 'account',
  arn: `arn:aws:iam::${TEST_ACCOUNT.accountId}:root`,
  accountId: TEST_ACCOUNT.accountId,
  userId: TEST_ACCOUNT.accountId,
};

/** A context on a temporary directory for tests of one plugin. */
export interface TestCloud<C extends Clock> extends CloudContext {
  readonly clock: C;
  readonly dispatcher: Dispatcher;
  /** Permissions asked for so far, in order. */
  readonly asked: Permission[];
  /** Actions that the stand-in authorizer denies. */
  readonly denied: Set<string>;
  use(factory: PluginFactory): ServicePlugin;
  close(): Promise<void>;
}

/**
 * Authorization is recorded and allowed unless its action is in `denied`; tests of IAM itself provide the real
 * authorizer on `ports`. Pass `directory` to reopen the state of an earlier cloud.
 */
export function createTestCloud<C extends Clock = ManualClock>(
  options: { clock?: C; entropy?: Entropy; directory?: string } = {},
): TestCloud<C> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'fleetwright-test-'));
  const clock = options.clock ?? (new ManualClock() as unknown as C);
  const entropy = options.entropy ?? seededEntropy('test');
  const store: Store = openStore(join(directory, 'store'));
  const meter = new Meter();
  const ports = new PortRegistry();
  const asked: Permission[] = [];
  const denied = new Set<string>();
  const authorizer: Authorizer = {
    authorize(_principal, permission) {
      asked.push(permission);
      if (denied.has(permission.action)) {
        throw new AwsError('AccessDeniedException', `not authorized to perform: ${permission.action}`, 403);
      }
    },
    assumeRole(_service, roleArn, sessionName) {
      const roleName = roleArn.split('/').at(-1) as string;
      return {
        kind: 'assumed-role',
        arn: `arn:aws:sts::${TEST_ACCOUNT.accountId}:assumed-role/${roleName}/${sessionName}`,
        accountId: TEST_ACCOUNT.accountId,
        userId: `AROATEST:${sessionName}`,
        roleArn,
        roleName,
        sessionName,
      };
    },
  };
  ports.provide('authorizer', authorizer);
  const dispatcher = new Dispatcher(ports, meter, entropy);
  const context: CloudContext = {
    account: TEST_ACCOUNT,
    clock,
    entropy,
    store,
    meter,
    log: silentLog,
    api: dispatcher,
    ports,
    dataDirectory: directory,
  };
  const plugins: ServicePlugin[] = [];
  return Object.assign(context, {
    clock,
    dispatcher,
    asked,
    denied,
    use(factory: PluginFactory): ServicePlugin {
      const plugin = factory(context);
      plugins.push(plugin);
      for (const api of plugin.apis ?? []) dispatcher.register(api);
      return plugin;
    },
    async close(): Promise<void> {
      for (const plugin of plugins.reverse()) await plugin.stop?.();
      await store.close();
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  });
}

export function testScope(logicalId = 'Resource', assets: Record<string, string> = {}): ResourceScope {
  return {
    stackName: 'test-stack',
    stackId: `arn:aws:cloudformation:us-east-1:${TEST_ACCOUNT.accountId}:stack/test-stack/0`,
    logicalId,
    generateName: (maxLength, options) => {
      const name = `test-stack-${logicalId}-ABCDEFGHIJKL`.slice(-maxLength);
      return options?.lowercase === true ? name.toLowerCase() : name;
    },
    assetPath: (bucket, key) => assets[`${bucket}/${key}`] ?? assets[key] ?? key,
  };
}
