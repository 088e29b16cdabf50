import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

export interface OperatorAlarmProps {
  /** What is wrong and what to do, in words for the person who is woken. */
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm goes off above this value. */
  readonly above: number;
  /** @default 1 */
  readonly periods?: number;
  /** ARNs of existing targets, such as topics. An alarm without targets still shows in the console. */
  readonly actionArns: readonly string[];
}

/** An alarm that is quiet while there is no data. */
export class OperatorAlarm extends Construct {
  constructor(scope: Construct, id: string, props: OperatorAlarmProps) {
    super(scope, id);
    const alarm = new Alarm(this, 'Resource', {
      alarmDescription: props.description,
      metric: props.metric,
      threshold: props.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: props.periods ?? 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    for (const alarmActionArn of props.actionArns) alarm.addAlarmAction({ bind: () => ({ alarmActionArn }) });
  }
}
