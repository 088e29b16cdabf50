import type { CloudCommand, CloudReport } from '../../local-cloud/src/main.ts';
import { bundledCloud } from './bundle-cloud.ts';
import { SteeredProcess } from './child-process.ts';

export type CloudProcess = SteeredProcess<CloudCommand, CloudReport>;

/**
 * Messages that wait for their batch live for about a second: a young generation (MB) that holds them keeps them from
 * being copied into the old one. One collector thread: more of them would take the functions' cores.
 */
const NODE_OPTIONS = ['--max-semi-space-size=32', '--single-threaded-gc'];

/** The local cloud in a process of its own, so that devices and display never share its event loop. */
export async function forkCloud(): Promise<CloudProcess> {
  const { entry, threads } = await bundledCloud();
  const args = Object.entries(threads).map(([service, file]) => `${service}=${file}`);
  return new SteeredProcess('the local cloud', entry, { args, nodeOptions: NODE_OPTIONS });
}
