import * as model from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import type * as z from 'zod';
import type { ComponentClock, ComponentLog } from '../component.ts';
import type { LiveConfiguration } from '../live-configuration.ts';
import type { IpcClient } from './connect-nucleus.ts';
import { tell } from './ipc-failure.ts';
import { keepStream } from './keep-stream.ts';

/** ms in which the events of one deployment are taken together: the nucleus sends one for each leaf that changes */
const SETTLING = 100;

export async function getConfiguration(client: IpcClient): Promise<unknown> {
  const { value } = await tell('GetConfiguration', client.getConfiguration({ keyPath: [] }));
  return value ?? {};
}

/** Follows what deployments and others change, and says what the schema thinks of what a deployment is about to bring. */
export async function followConfiguration<S extends z.ZodType>(
  client: IpcClient,
  configuration: LiveConfiguration<S>,
  ports: { readonly clock: ComponentClock; readonly log: ComponentLog },
): Promise<void> {
  const { clock, log } = ports;
  let waiting = false;
  const refresh = async (): Promise<void> => {
    waiting = false;
    try {
      if (configuration.offer(await getConfiguration(client))) log.info('the configuration was read again');
    } catch (error) {
      log.error('the configuration cannot be read', { reason: String(error) });
    }
  };
  const changed = (): void => {
    if (waiting) return;
    waiting = true;
    clock.after(SETTLING, () => void refresh());
  };
  await keepStream(
    'SubscribeToConfigurationUpdate',
    () => client.subscribeToConfigurationUpdate({ keyPath: [] }),
    changed,
    ports,
  );
  await answerValidation(client, configuration, log);
  // What changed between the first reading and the subscription.
  await refresh();
}

/** Nucleus lite does not ask: there a configuration that is refused comes, and the last good one stays. */
async function answerValidation<S extends z.ZodType>(
  client: IpcClient,
  configuration: LiveConfiguration<S>,
  log: ComponentLog,
): Promise<void> {
  const { ACCEPTED, REJECTED } = model.ConfigurationValidityStatus;
  const stream = client.subscribeToValidateConfigurationUpdates({});
  stream.on('message', ({ validateConfigurationUpdateEvent: event }) => {
    if (event === undefined) return;
    const { deploymentId } = event;
    const problem = configuration.problemOf(event.configuration ?? {});
    const verdict =
      problem === undefined ? { status: ACCEPTED } : { status: REJECTED, message: problem.slice(0, 1_000) };
    if (problem !== undefined) log.warn('a configuration is rejected', { deploymentId, reason: problem });
    tell(
      'SendConfigurationValidityReport',
      client.sendConfigurationValidityReport({ configurationValidityReport: { ...verdict, deploymentId } }),
    ).catch((error) => log.warn('the verdict was not taken', { deploymentId, reason: String(error) }));
  });
  try {
    await stream.activate();
  } catch (error) {
    log.info('this nucleus does not ask whether a configuration is good', { reason: String(error) });
  }
}
