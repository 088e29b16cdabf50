import { ConfigError, loadPlatformConfig } from './load-platform-config.ts';

const provisioning = { sites: ['north'], deviceTypes: ['pump'] };

function load(settings: object, defaults: object = {}) {
  const raw = { project: 'fleetwright', defaults, stages: { dev: { provisioning, ...settings } } };
  try {
    return { settings: loadPlatformConfig(raw, 'dev').settings };
  } catch (error) {
    if (error instanceof ConfigError) return { issues: error.issues.join('\n') };
    throw error;
  }
}

const hot = { measure: 'temperature', above: { raise: 80, clear: 70 } };

test('a rule that a stage lays over the defaults changes what it names', () => {
  const { settings } = load(
    { alerts: { rules: { pump: { hot: { above: { raise: 90 } } } } } },
    { alerts: { rules: { pump: { hot, cold: { measure: 'temperature', below: { raise: 2, clear: 4 } } } } } },
  );
  expect(settings?.alerts.rules.pump).toMatchObject({
    hot: { above: { raise: 90, clear: 70 }, forSeconds: 0 },
    cold: { below: { raise: 2, clear: 4 } },
  });
});

test('null takes away what the defaults have for a device type', () => {
  const { settings } = load({ alerts: { rules: { tank: null } } }, { alerts: { rules: { tank: { hot } } } });
  expect(settings?.alerts.rules).toEqual({});
});

test.each([
  [{ alerts: { rules: { tank: { hot } } } }, 'alerts.rules.tank: must be one of provisioning.deviceTypes (pump)'],
  [{ models: { tank: { settings: {}, measures: {} } } }, 'models.tank: must be one of'],
  [{ alerts: { rules: { pump: { hot: { ...hot, above: { raise: 1, clear: 2 } } } } } }, 'clear must be at most raise'],
  [
    { models: { pump: { settings: {}, measures: { a: { terms: [{ gain: 1, factors: [{ of: 'b' }] }] } } } } },
    'models.pump.measures.a.terms.0.factors.0.of: is no name of the model',
  ],
  [
    {
      models: {
        pump: {
          settings: {},
          measures: {
            a: { terms: [{ gain: 1, factors: [{ of: 'b' }] }] },
            b: { terms: [{ gain: 1, factors: [{ of: 'a' }] }] },
          },
        },
      },
    },
    'depends on itself at once',
  ],
  [
    { remainingLife: { pump: { bearing: { measure: 'v', direction: 'rising', endOfLife: 7, minDays: 60 } } } },
    'must be at most lookbackDays',
  ],
])('%j is refused with its place', (settings, message) => {
  expect(load(settings).issues).toContain(message);
});
