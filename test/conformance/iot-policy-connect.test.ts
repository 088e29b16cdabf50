import type { ConnectFeatures } from '../../local-cloud/src/core/mqtt.ts';
import {
  ARN,
  allow,
  type Case,
  deny,
  type PolicyProbe,
  type Statement,
  startProbe,
} from '../../local-cloud/src/services/iot/testing/policy-probe.ts';

// Cases from the policies that the AWS IoT developer guide prints, with what it says of them; pages named per block.

let probe: PolicyProbe;

beforeEach(async () => {
  probe = await startProbe();
});

afterEach(() => probe.iot.cloud.close());

describe('what a CONNECT asks for (connect-policy)', () => {
  const plain: ConnectFeatures = { persistent: false };
  const persistent: ConnectFeatures = { persistent: true };
  const will: ConnectFeatures = { persistent: false, willTopic: 'my/lastwill/topicName' };
  const both: ConnectFeatures = { persistent: true, willTopic: 'my/lastwill/topicName' };
  const connects = (a: boolean, b: boolean, c: boolean, d: boolean): Case[] => [
    ['iot:Connect', 'c', a, plain],
    ['iot:Connect', 'c', b, persistent],
    ['iot:Connect', 'c', c, will],
    ['iot:Connect', 'c', d, both],
  ];
  const only = (operator: string, ...attributes: string[]) => ({
    [operator]: { 'iot:ConnectAttributes': attributes },
  });
  const lastWill = (topic: string) => ({ ArnEquals: { 'iot:LastWillTopic': `${ARN}topic/${topic}` } });

  test.each<[string, Statement[], Case[]]>([
    ['no condition allows everything', [allow('iot:Connect', '*')], connects(true, true, true, true)],
    [
      'PersistentConnect is allowed, nothing else',
      [allow('iot:Connect', '*', only('ForAllValues:StringEquals', 'PersistentConnect'))],
      connects(true, true, false, false),
    ],
    [
      'PersistentConnect is disallowed, everything else allowed',
      [allow('iot:Connect', '*', only('ForAllValues:StringNotEquals', 'PersistentConnect'))],
      connects(true, false, true, false),
    ],
    [
      'the same with an explicit deny',
      [allow('iot:Connect', '*'), deny('iot:Connect', '*', only('ForAnyValue:StringEquals', 'PersistentConnect'))],
      connects(true, false, true, false),
    ],
    [
      'both are allowed',
      [allow('iot:Connect', '*', only('ForAllValues:StringEquals', 'PersistentConnect', 'LastWill'))],
      connects(true, true, true, true),
    ],
    [
      'default features only',
      [allow('iot:Connect', '*', only('ForAllValues:StringEquals'))],
      connects(true, false, false, false),
    ],
    [
      'only with PersistentConnect',
      [allow('iot:Connect', '*', only('ForAnyValue:StringEquals', 'PersistentConnect'))],
      connects(false, true, false, true),
    ],
    [
      'must use both',
      [
        allow('iot:Connect', '*', only('ForAllValues:StringEquals', 'PersistentConnect', 'LastWill')),
        deny('iot:Connect', '*', only('ForAllValues:StringEquals', 'PersistentConnect')),
        deny('iot:Connect', '*', only('ForAllValues:StringEquals', 'LastWill')),
        deny('iot:Connect', '*', only('ForAllValues:StringEquals')),
      ],
      connects(false, false, false, true),
    ],
    [
      'only with this last will',
      [allow('iot:Connect', '*', lastWill('my/lastwill/*'))],
      connects(false, false, true, true),
    ],
    [
      'not with another last will',
      [allow('iot:Connect', '*', lastWill('other'))],
      connects(false, false, false, false),
    ],
  ])('%s', async (_title, statements, cases) => {
    await probe.attach(statements);
    probe.expectCases('c', cases);
  });
});
