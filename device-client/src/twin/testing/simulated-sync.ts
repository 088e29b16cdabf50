import type { DeviceLog } from '../../feature.ts';
import { SimulatedClock } from '../../telemetry/testing/simulated-clock.ts';
import type { ShadowKeeper } from '../shadow-keeper.ts';
import { ShadowSync } from '../shadow-sync.ts';
import { SimulatedShadow } from './simulated-shadow.ts';

/** A shadow in memory that is kept in step with what the keeper makes of it, on a simulated clock. */
export function simulatedSync(
  keeper: ShadowKeeper,
  world: { readonly connected: boolean },
  abort: AbortController,
  log: DeviceLog,
) {
  const clock = new SimulatedClock();
  const shadow = new SimulatedShadow();
  const sync = new ShadowSync({
    service: shadow,
    keeper,
    takesSettings: true,
    connected: () => world.connected,
    clock,
    random: () => 0.5,
    log,
    signal: abort.signal,
    refreshInterval: 3_600_000,
  });
  sync.start();
  return { clock, shadow, sync, stop: () => abort.abort() };
}
