/** A pump on the common header, as the hydraulics see it. */
export interface RunningPump {
  /** Part of the nominal speed. */
  readonly speed: number;
  /** Part of the head that it makes, 1 when healthy. */
  readonly strength: number;
  /** How far its own discharge valve is shut, 0 to 1. */
  readonly shut: number;
}

export interface Duty {
  /** m³/h */
  readonly flow: number;
  /** m of water at the pump's discharge, before its valve */
  readonly head: number;
}

export const NOMINAL_SPEED = 1_450;
export const NOMINAL_FLOW = 100;
/** m, at no flow and nominal speed */
const SHUT_OFF_HEAD = 32;
/** m per (m³/h)²: 24 m at nominal flow */
const PUMP_CURVE = 0.0008;
/** m per (m³/h)²: friction of the rising main */
const MAIN_FRICTION = 0.00012;

/**
 * Flows of pumps in parallel: each makes `32 s² − 0.0008 Q²` metres (affinity laws), the main asks for its static head and
 * friction by the square of the whole flow. Non-return valves: no pump runs backwards.
 * @param staticHead m between the tank's surface and the outlet
 */
export function dutyOf(pumps: readonly RunningPump[], staticHead: number): Duty[] {
  const shutOff = pumps.map(({ speed, strength }) => SHUT_OFF_HEAD * strength * speed * speed);
  const curve = pumps.map(({ shut }) => PUMP_CURVE / Math.max(1e-5, (1 - shut) ** 2));
  const flowAt = (header: number, at: number): number =>
    Math.sqrt(Math.max(0, (shutOff[at] as number) - header) / (curve[at] as number));
  let low = staticHead;
  let high = Math.max(staticHead, ...shutOff);
  // The flow that the pumps give falls with the header's head, the one that the main takes grows with it: one crossing.
  for (let round = 0; round < 30; round++) {
    const header = (low + high) / 2;
    let flow = 0;
    for (let at = 0; at < pumps.length; at++) flow += flowAt(header, at);
    if (staticHead + MAIN_FRICTION * flow * flow > header) low = header;
    else high = header;
  }
  return pumps.map((_, at) => {
    const flow = flowAt(high, at);
    return { flow, head: Math.max(0, (shutOff[at] as number) - PUMP_CURVE * flow * flow) };
  });
}

const BAR_PER_METRE = 0.0980665;
export function barOf(metres: number): number {
  return metres * BAR_PER_METRE;
}
