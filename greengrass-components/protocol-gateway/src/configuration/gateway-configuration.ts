import * as z from 'zod';
import { edgeSeriesSchema, edgeSourceSchema } from '../../../../contracts/src/index.ts';
import { coapSourceSchema } from './coap-source.ts';
import { modbusSourceSchema } from './modbus-source.ts';
import { brokerSchema, mqttSourceSchema } from './mqtt-source.ts';
import { milliseconds } from './point-options.ts';

export const MAX_SOURCES = 200;
export const MAX_POINTS = 500;

export const sourceSchema = z.discriminatedUnion('protocol', [modbusSourceSchema, coapSourceSchema, mqttSourceSchema]);
export type Source = z.infer<typeof sourceSchema>;

/** `pump-1` and `pressure` make `pump_1_pressure`. */
export function seriesOf(source: string, point: string): string {
  return `${source.replaceAll('-', '_')}_${point}`;
}

/**
 * Configuration of the gateway. Sources, points, groups and resources are objects by name, never lists, so that a
 * deployment's `merge` changes one of them and `reset` removes it; every member has a default that `reset` goes back to.
 */
export const gatewayConfigurationSchema = z
  .strictObject({
    sources: z
      .record(edgeSourceSchema, sourceSchema)
      .refine((sources) => Object.keys(sources).length <= MAX_SOURCES, `must be at most ${MAX_SOURCES}`)
      .default({}),
    broker: brokerSchema,
    /** Least time between two messages of a source; what comes between goes out together. */
    publishIntervalMs: milliseconds(0, 10_000).default(50),
    /** Least time between two reports to the shadow. */
    reportIntervalMs: milliseconds(30_000, 86_400_000).default(30_000),
  })
  .superRefine(({ broker, sources }, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const series = new Map<string, string>();
    const identities = new Map<string, string>();
    for (const [name, source] of Object.entries(sources)) {
      const points = Object.keys(source.points);
      if (points.length === 0) issue(['sources', name, 'points'], 'must name a point');
      if (points.length > MAX_POINTS) issue(['sources', name, 'points'], `must be at most ${MAX_POINTS}`);
      for (const point of points) {
        const own = seriesOf(name, point);
        const at = ['sources', name, 'points', point];
        if (!edgeSeriesSchema.safeParse(own).success) issue(at, `makes the series ${own}, which is longer than 48`);
        const other = series.get(own);
        if (other !== undefined) issue(at, `makes the series ${own}, as ${other} does`);
        series.set(own, `${name}.${point}`);
      }
      if (source.protocol !== 'mqtt') continue;
      const identity = source.identity.fingerprint ?? `CN=${source.identity.commonName}`;
      const taken = identities.get(identity);
      if (taken !== undefined) issue(['sources', name, 'identity'], `is that of ${taken}`);
      identities.set(identity, name);
      if (source.enabled && broker.deviceCa === undefined) {
        issue(['broker', 'deviceCa'], `is needed for the devices of ${name}`);
      }
    }
  });

export type GatewayConfiguration = z.infer<typeof gatewayConfigurationSchema>;
