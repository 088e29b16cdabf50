import { type PlantPorts, plantSources } from '../../greengrass-components/simulated-plant/src/index.ts';

/** Limits of the simulated plant: mm/s of a pump beyond which it is stopped, m of the tank from which the third pump helps. */
const MAX_VIBRATION = 4;
const HIGH_LEVEL = 3.2;

/** Settings of the edge for the simulated plant, over those of the stage: what to read, and what to decide on the spot. */
export function plantSettings(ports: PlantPorts): object {
  return {
    components: {
      'protocol-gateway': { merge: { sources: plantSources(ports) } },
      'edge-aggregator': { merge: { defaults: { window: { by: 'time', length: 10_000 }, lateness: 2_000 } } },
      'local-rules': { merge: { rules: { ...tankRule(), ...pumpRules() } } },
    },
  };
}

function tankRule(): Record<string, object> {
  const third = (value: boolean) => [{ source: 'pump-3', point: 'running', value }];
  return {
    'tank-high': {
      description: 'The third pump helps while the tank is too full',
      when: { series: 'tank_level', above: HIGH_LEVEL, hysteresis: 0.4 },
      whenUnknown: 'hold',
      begin: third(true),
      end: third(false),
    },
  };
}

function pumpRules(): Record<string, object> {
  return Object.fromEntries(
    [1, 2, 3].map((pump) => [
      `pump-${pump}-shakes`,
      {
        description: 'A pump that shakes itself apart is stopped, and nobody starts it while it does',
        priority: 100,
        severity: 'critical',
        when: { series: `pump_${pump}_vibration`, above: MAX_VIBRATION, hysteresis: 2 },
        for: 2_000,
        whenUnknown: 'hold',
        begin: [{ source: `pump-${pump}`, point: 'running', value: false }],
        interlock: { forbids: [{ source: `pump-${pump}`, point: 'running' }] },
      },
    ]),
  );
}
