export { AssetsApiModule } from './assets-api.module';
