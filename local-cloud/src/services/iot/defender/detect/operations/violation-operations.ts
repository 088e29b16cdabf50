import type {
  Behavior,
  BehaviorCriteriaType,
  GetBehaviorModelTrainingSummariesRequest,
  GetBehaviorModelTrainingSummariesResponse,
  ListActiveViolationsRequest,
  ListActiveViolationsResponse,
  ListMetricValuesRequest,
  ListMetricValuesResponse,
  ListViolationEventsRequest,
  ListViolationEventsResponse,
  PutVerificationStateOnViolationRequest,
  VerificationState,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { ConstraintViolations } from '../../../../../core/constraint-violations.ts';
import { invalidRequest } from '../../../errors.ts';
import { anywhere, changing, reading, resource } from '../../../iot-service.ts';
import { nameInCreationOrder } from '../../../registry/table.ts';
import { DETECT_RETENTION, MAX_VERIFICATION_DESCRIPTION } from '../../limits.ts';
import { listPage } from '../../list-page.ts';
import { readPeriod } from '../../period.ts';
import type { Detect } from '../detect.ts';
import type { ViolationEventRecord } from '../detect-records.ts';
import { metricTraits } from '../metric-catalog.ts';
import { metricKey } from '../metric-key.ts';

const STATES: readonly VerificationState[] = ['FALSE_POSITIVE', 'BENIGN_POSITIVE', 'TRUE_POSITIVE', 'UNKNOWN'];

interface Filter {
  readonly thingName?: string | undefined;
  readonly securityProfileName?: string | undefined;
  readonly behaviorCriteriaType?: BehaviorCriteriaType | undefined;
  readonly listSuppressedAlerts?: boolean | undefined;
  readonly verificationState?: VerificationState | undefined;
}

interface Candidate {
  readonly violationId: string;
  readonly thingName: string;
  readonly profileName: string;
  readonly behavior: Behavior;
}

export function violationOperations(detect: Detect): Operation[] {
  const { service, alarms, profiles, history } = detect;
  const matches = (filter: Filter, { violationId, thingName, profileName, behavior }: Candidate): boolean => {
    if (filter.thingName !== undefined && filter.thingName !== thingName) return false;
    if (filter.securityProfileName !== undefined && filter.securityProfileName !== profileName) return false;
    if (filter.behaviorCriteriaType !== undefined && filter.behaviorCriteriaType !== criteriaType(behavior))
      return false;
    const state = filter.verificationState;
    if (state !== undefined && state !== alarms.verificationOf(violationId).state) return false;
    // "A list of all suppressed alerts": only those when asked for, others when not.
    const suppressed = behavior.suppressAlerts === true;
    return filter.listSuppressedAlerts === undefined || filter.listSuppressedAlerts === suppressed;
  };
  const common = ({ violationId, thingName, profileName, behavior }: Candidate) => {
    const { state, description } = alarms.verificationOf(violationId);
    return {
      violationId,
      thingName,
      securityProfileName: profileName,
      behavior,
      verificationState: state,
      ...(description === undefined ? {} : { verificationStateDescription: description }),
    };
  };
  return [
    reading<ListActiveViolationsRequest, ListActiveViolationsResponse>('ListActiveViolations', anywhere, (input) => {
      const active = new Map(
        alarms.active().map((alarm) => [`${alarm.active.startTime}/${alarm.active.violationId}`, alarm]),
      );
      const page = listPage([...active.keys()], input, (key) => {
        const alarm = active.get(key);
        return alarm !== undefined && matches(input, { ...alarm, violationId: alarm.active.violationId });
      });
      return {
        activeViolations: page.keys.flatMap((key) => {
          const alarm = active.get(key);
          if (alarm === undefined) return [];
          const { violationId, lastValue, lastTime, startTime } = alarm.active;
          return [
            {
              ...common({ ...alarm, violationId }),
              lastViolationValue: lastValue,
              lastViolationTime: new Date(lastTime),
              violationStartTime: new Date(startTime),
            },
          ];
        }),
        nextToken: page.nextToken,
      };
    }),
    reading<ListViolationEventsRequest, ListViolationEventsResponse>('ListViolationEvents', anywhere, (input) => {
      const { start, end } = readPeriod(input.startTime, input.endTime);
      const eventOf = (key: string) => alarms.events.get(nameInCreationOrder(key)) as ViolationEventRecord;
      const page = listPage(alarms.events.sortedKeys(), input, (key) => {
        const event = eventOf(key);
        return event.time >= start && event.time <= end && matches(input, event);
      });
      return {
        violationEvents: page.keys.map(eventOf).map((event) => ({
          ...common(event),
          ...(event.value === undefined ? {} : { metricValue: event.value }),
          violationEventType: event.type,
          violationEventTime: new Date(event.time),
        })),
        nextToken: page.nextToken,
      };
    }),
    changing<PutVerificationStateOnViolationRequest, object>(
      service,
      'PutVerificationStateOnViolation',
      anywhere,
      ({ violationId, verificationState, verificationStateDescription: description }) => {
        new ConstraintViolations()
          .required('verificationState', verificationState)
          .oneOf('verificationState', verificationState, STATES)
          .length('verificationStateDescription', description, 0, MAX_VERIFICATION_DESCRIPTION)
          .pattern('verificationStateDescription', description, '[^\\p{Cc}]*')
          .throwIfAny('InvalidRequestException');
        alarms.verify(violationId, {
          state: verificationState as VerificationState,
          ...(description === undefined ? {} : { description }),
        });
        return {};
      },
    ),
    // Training summaries are of ML Detect, which no profile here can use: there are none.
    reading<GetBehaviorModelTrainingSummariesRequest, GetBehaviorModelTrainingSummariesResponse>(
      'GetBehaviorModelTrainingSummaries',
      (input) => detect.tags.profile.arn(input.securityProfileName ?? '*'),
      (input) => {
        if (input.securityProfileName !== undefined) profiles.get(input.securityProfileName);
        return { summaries: [] };
      },
    ),
    reading<ListMetricValuesRequest, ListMetricValuesResponse>(
      'ListMetricValues',
      (input) => resource(service, 'thing', input.thingName),
      (input) => {
        const { thingName, metricName } = input;
        if (thingName === undefined || metricName === undefined) {
          throw invalidRequest('thingName and metricName are required');
        }
        if (metricTraits(metricName, detect.names.customType) === undefined) {
          throw invalidRequest(`${metricName} is not a metric`);
        }
        const { start, end } = readPeriod(input.startTime, input.endTime);
        if (end - start > DETECT_RETENTION) throw invalidRequest('The time range must not be longer than 14 days');
        const { dimensionName, dimensionValueOperator: operator } = input;
        const dimension = dimensionName === undefined ? undefined : { dimensionName, ...(operator && { operator }) };
        const data = history.range(thingName, metricKey(metricName, dimension), start - 1, end).reverse();
        const keys = data.map((_, index) => String(index).padStart(9, '0'));
        const page = listPage(keys, input);
        return {
          metricDatumList: page.keys.flatMap((key) => {
            const found = data[Number(key)];
            return found === undefined ? [] : [{ timestamp: new Date(found.at), value: found.datum.value }];
          }),
          nextToken: page.nextToken,
        };
      },
    ),
  ];
}

function criteriaType({ criteria }: Behavior): BehaviorCriteriaType {
  return criteria?.statisticalThreshold === undefined ? 'STATIC' : 'STATISTICAL';
}
