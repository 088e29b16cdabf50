import { PUMPS } from './process-faults.ts';

export const PLANT_SOURCES = ['pump-1', 'pump-2', 'pump-3', 'tank', 'ambient', 'quality'] as const;
export type PlantSource = (typeof PLANT_SOURCES)[number];

/**
 * - `dead`: takes requests and answers none.
 * - `frozen`: answers with what was true when the fault began.
 * - `exception`: Modbus exception 4 (device failure), CoAP 5.03 (Service Unavailable).
 * - `slow`: answers after `delayMs`.
 */
export type WireFault =
  | { readonly kind: 'dead' | 'frozen' | 'exception' }
  | { readonly kind: 'slow'; readonly delayMs: number };

export function pumpSource(unit: number): PlantSource | undefined {
  const pump = PUMPS.find((number) => number === unit);
  return pump === undefined ? undefined : `pump-${pump}`;
}
