import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createCloudwatchPlugin } from '../../local-cloud/src/services/cloudwatch/plugin.ts';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// Unmodified boto3 and AWS CLI, where this machine has them. They speak Smithy's RPC with CBOR to CloudWatch and compress
// large requests.
// source: service models of boto3, "protocols" and "requestcompression"

const has = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const withBoto3 = has('python3', '-c', 'import boto3') ? test : test.skip;
const withCli = has('aws', '--version') ? test : test.skip;
const run = promisify(execFile);

let https: HttpsCloud;
let directory: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createCloudwatchPlugin, createSnsPlugin] });
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-python-'));
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, https.identity.caCertificatePem);
  const { endpoint, region } = https.client();
  https.cloud.ports.provide('endpoints', { apiUrl: endpoint, mqttHost: '', mqttPort: 0, caFile });
  env = {
    PATH: process.env.PATH,
    HOME: directory,
    AWS_ENDPOINT_URL: endpoint,
    AWS_CA_BUNDLE: caFile,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: https.administrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: https.administrator.secretAccessKey,
  };
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await https.close();
});

withBoto3('boto3 puts metrics, small and compressed, reads them, and sees errors by name', async () => {
  const script = `
import boto3, datetime, json
cw = boto3.client('cloudwatch')
now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
cw.put_metric_data(Namespace='Fleet', MetricData=[{'MetricName': 'load', 'Value': 2.5, 'Timestamp': now}])
large = [{'MetricName': 'm%03d' % i, 'Value': float(i), 'Dimensions': [{'Name': 'site', 'Value': 'x' * 200}]} for i in range(400)]
cw.put_metric_data(Namespace='Large', MetricData=large)
points = cw.get_metric_statistics(Namespace='Fleet', MetricName='load', StartTime=now, EndTime=now + datetime.timedelta(minutes=1), Period=60, Statistics=['Sum'])['Datapoints']
try:
    cw.set_alarm_state(AlarmName='absent', StateValue='OK', StateReason='none')
except cw.exceptions.ResourceNotFound as error:
    code = error.response['Error']['Code']
cw.put_metric_alarm(AlarmName='a', Namespace='Fleet', MetricName='load', Statistic='Sum', Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator='GreaterThanThreshold')
alarm = cw.describe_alarms()['MetricAlarms'][0]
sns = boto3.client('sns')
topic = sns.create_topic(Name='orders')['TopicArn']
print(json.dumps({
    'sum': points[0]['Sum'], 'same': points[0]['Timestamp'] == now, 'code': code,
    'large': len(cw.list_metrics(Namespace='Large')['Metrics']), 'state': alarm['StateValue'], 'threshold': alarm['Threshold'],
    'message': len(sns.publish(TopicArn=topic, Message='x')['MessageId']),
}))
`;
  const { stdout } = await run('python3', ['-c', script], { env });
  expect(JSON.parse(stdout)).toEqual({
    sum: 2.5,
    same: true,
    code: 'ResourceNotFound',
    large: 400,
    state: 'INSUFFICIENT_DATA',
    threshold: 1,
    message: 36,
  });
});

withCli('the AWS CLI publishes and reads alarms', async () => {
  const aws = async (...args: string[]) =>
    JSON.parse((await run('aws', [...args, '--output', 'json'], { env })).stdout || '{}');
  const { TopicArn } = await aws('sns', 'create-topic', '--name', 'cli');
  expect(await aws('sns', 'publish', '--topic-arn', TopicArn, '--message', 'hello')).toHaveProperty('MessageId');
  await aws('cloudwatch', 'put-metric-data', '--namespace', 'Cli', '--metric-name', 'load', '--value', '3');
  expect(await aws('cloudwatch', 'list-metrics', '--namespace', 'Cli')).toMatchObject({
    Metrics: [{ MetricName: 'load' }],
  });
  expect(await aws('cloudwatch', 'describe-alarms', '--alarm-name-prefix', 'none')).toMatchObject({ MetricAlarms: [] });
});
