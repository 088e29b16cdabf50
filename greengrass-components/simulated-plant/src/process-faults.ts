/** Number of a pump. */
export type PumpNumber = 1 | 2 | 3;
export const PUMPS: readonly PumpNumber[] = [1, 2, 3];

/** What can go wrong in the process, as against in the sensors and on the wires. */
export const PUMP_FAULTS = ['cavitation', 'bearing-wear', 'dead-head'] as const;

interface Span {
  /** ms since the epoch */
  readonly from: number;
  /** ms since the epoch, not included; undefined: it stays. */
  readonly until?: number;
  /** 0 to 1; 1 by default: as bad as it gets. */
  readonly severity?: number;
}

/**
 * - `cavitation`: vapour at the impeller. Head and flow fall and swing, vibration rises, at once.
 * - `bearing-wear`: vibration, temperature and power creep up over the whole span (six hours if it has no end).
 * - `dead-head`: the discharge is shut. No flow, pressure at its most, the pump heats itself up.
 * - `high-inflow`: a storm; at worst 2.2 times the usual inflow, more than two pumps carry.
 */
export type ProcessFault =
  | (Span & { readonly kind: (typeof PUMP_FAULTS)[number]; readonly pump: PumpNumber })
  | (Span & { readonly kind: 'high-inflow' });

/** A fault without its time, as the plant calls it: `cavitation of pump-2`, `high-inflow`. */
export function faultName(fault: ProcessFault): string {
  return fault.kind === 'high-inflow' ? fault.kind : `${fault.kind} of pump-${fault.pump}`;
}

/** How bad a fault is at a time, 0 to 1. */
export function severityAt(fault: ProcessFault, time: number): number {
  const { from, until = Number.POSITIVE_INFINITY, severity = 1 } = fault;
  if (time < from || time >= until) return 0;
  if (fault.kind !== 'bearing-wear') return severity;
  const length = until === Number.POSITIVE_INFINITY ? WEAR_MS : until - from;
  return severity * Math.min(1, (time - from) / length);
}

const WEAR_MS = 6 * 3_600_000;

/** What a pump suffers at a time: the worst of each kind. */
export interface PumpTroubles {
  readonly cavitation: number;
  readonly wear: number;
  readonly deadHead: number;
}

export function troublesOf(faults: readonly ProcessFault[], pump: PumpNumber, time: number): PumpTroubles {
  const worst = (kind: ProcessFault['kind']): number => {
    let most = 0;
    for (const fault of faults) {
      if (fault.kind !== kind || fault.kind === 'high-inflow' || fault.pump !== pump) continue;
      most = Math.max(most, severityAt(fault, time));
    }
    return most;
  };
  return { cavitation: worst('cavitation'), wear: worst('bearing-wear'), deadHead: worst('dead-head') };
}

export function inflowTrouble(faults: readonly ProcessFault[], time: number): number {
  let most = 0;
  for (const fault of faults) if (fault.kind === 'high-inflow') most = Math.max(most, severityAt(fault, time));
  return most;
}
