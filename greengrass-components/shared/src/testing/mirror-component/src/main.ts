import * as z from 'zod';
import type { Component, ComponentHost } from '../../../component.ts';
import { runComponent } from '../../../run-component.ts';

const configurationSchema = z.strictObject({
  color: z.enum(['red', 'green', 'blue']).default('red'),
  limits: z.strictObject({ high: z.number().max(100).default(50) }).prefault({}),
  /** How it is to go wrong. */
  trouble: z.enum(['none', 'start', 'later', 'stop']).default('none'),
});

type Configuration = z.output<typeof configurationSchema>;

/** Does what it is told over the local bus, with everything that a host offers. For tests. */
class Mirror implements Component<Configuration> {
  readonly name = 'com.example.Mirror';
  #trouble: Configuration['trouble'] = 'none';

  async start(host: ComponentHost<Configuration>): Promise<void> {
    const { cloud, configuration, local, log, shadows, thingName, workDirectory } = host;
    this.#trouble = configuration.current.trouble;
    if (this.#trouble === 'start') throw new Error('it was told to fail');
    if (this.#trouble === 'later') host.clock.after(300, () => void Promise.reject(new Error('nobody caught this')));
    const say = (message: object): Promise<void> => local.publish('mirror/out', message);
    configuration.onChange((current) => {
      this.#trouble = current.trouble;
      void say({ configuration: current });
    });
    await cloud.subscribe('cloud/in', (payload) => void say({ cloud: Buffer.from(payload).toString('utf8') }));
    await shadows.onDesired('mirror', (desired) => void say({ desired }));
    const tasks: Record<string, (value: unknown) => Promise<unknown>> = {
      configuration: async () => configuration.current,
      where: async () => ({ thingName, workDirectory, rss: process.memoryUsage().rss }),
      upload: async (value) => cloud.publish('cloud/out', Buffer.from(String(value))),
      forbidden: async () => cloud.publish('elsewhere', Buffer.from('x')),
      report: async (value) => shadows.update('mirror', { reported: value as object }),
      shadow: async () => shadows.get('mirror'),
      log: async () => log.info('a secret', { token: 'hush', nested: { password: 'hush', plain: 'seen' } }),
    };
    await local.subscribe('mirror/in/+', (message, topic) => {
      const task = topic.split('/')[2] ?? '';
      (tasks[task]?.(message) ?? Promise.reject(new Error(`no task ${task}`))).then(
        (result) => say({ task, result: result ?? null }),
        (error) => say({ task, error: String(error) }),
      );
    });
    log.info('the mirror runs', { seconds: process.uptime() });
  }

  async stop(): Promise<void> {
    if (this.#trouble === 'stop') await new Promise(() => {});
  }
}

runComponent(new Mirror(), configurationSchema);
