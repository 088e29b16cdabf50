import { runComponent } from '../../shared/src/run-component.ts';
import { AnomalyDetector } from './anomaly-detector.ts';
import { configurationSchema } from './configuration.ts';

runComponent(new AnomalyDetector(), configurationSchema);
