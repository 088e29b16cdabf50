import { readCampaignOptions } from './campaign-options.ts';

test('what is not asked for is left to the stage', () => {
  expect(readCampaignOptions({})).toEqual({});
});

test('options become settings of the contract', () => {
  expect(
    readCampaignOptions({
      canaryGroup: 'friends',
      waves: '10,50,100',
      soak: '30m',
      abortPercent: 5,
      rate: 100,
      ratesGrow: '10x2.5@50',
      waveTime: '7d',
      window: ['cron(0 2 * * ? *)/120'],
      includeUnknownHardware: true,
    }),
  ).toEqual({
    canary: { group: 'friends', percent: 5, atLeast: 1 },
    waves: [10, 50, 100],
    soakSeconds: 1_800,
    abort: { failurePercent: 5, minimumEnded: 1 },
    rollout: {
      maximumPerMinute: 100,
      exponential: { baseRatePerMinute: 10, incrementFactor: 2.5, afterSucceeded: 50 },
    },
    waveSeconds: 604_800,
    maintenanceWindows: [{ startTime: 'cron(0 2 * * ? *)', durationInMinutes: 120 }],
    unknownHardware: 'include',
  });
});

test.each([
  [{ waves: '50' }, /end with 100/],
  [{ waves: '60,50,100' }, /must grow/],
  [{ soak: '30' }, /--soak is a number/],
  [{ ratesGrow: '10' }, /--rates-grow/],
  [{ window: ['0 2 * * *'] }, /--window/],
  [{ waveTime: '10s' }, /waveSeconds/],
])('%p is refused', (options, message) => {
  expect(() => readCampaignOptions(options)).toThrow(message);
});
