import { answerCloudFormation, type Outcome } from './answer-cloudformation.ts';

const request = {
  RequestId: 'r1',
  ResponseURL: 'https://answer/here',
  StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/a/1',
  LogicalResourceId: 'Claim',
};

function receiver(...answers: (number | Error)[]) {
  const bodies: unknown[] = [];
  const pauses: number[] = [];
  return {
    bodies,
    pauses,
    async put(url: string, body: Uint8Array) {
      expect(url).toBe(request.ResponseURL);
      bodies.push(JSON.parse(Buffer.from(body).toString()));
      const answer = answers.shift() ?? 200;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async pause(milliseconds: number) {
      pauses.push(milliseconds);
    },
  };
}

const success: Outcome = { status: 'SUCCESS', physicalResourceId: 'id', data: { CertificateId: 'id' } };

test('an answer carries what CloudFormation asks for', async () => {
  const ports = receiver();
  await answerCloudFormation(request, success, ports);
  expect(ports.bodies).toEqual([
    {
      Status: 'SUCCESS',
      Reason: 'done',
      PhysicalResourceId: 'id',
      StackId: request.StackId,
      RequestId: 'r1',
      LogicalResourceId: 'Claim',
      NoEcho: true,
      Data: { CertificateId: 'id' },
    },
  ]);
});

test('a failure stays below the size that CloudFormation takes', async () => {
  const ports = receiver();
  await answerCloudFormation(request, { status: 'FAILED', physicalResourceId: 'id', reason: 'x'.repeat(9_000) }, ports);
  expect(Buffer.byteLength(JSON.stringify(ports.bodies[0]))).toBeLessThan(4096);
});

test('an answer that is not taken is sent again, later each time', async () => {
  const ports = receiver(new Error('reset'), 503, 200);
  await answerCloudFormation(request, success, ports);
  expect(ports.bodies).toHaveLength(3);
  expect(ports.pauses).toEqual([500, 1000]);
});

test('an answer that is never taken fails the invocation', async () => {
  const ports = receiver(500, 500, 500, 500);
  await expect(answerCloudFormation(request, success, ports)).rejects.toMatchObject({ code: 'RESPONSE_NOT_DELIVERED' });
});
