import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { CfElement } from '../shell/element.ts';
@customElement('cf-activity-page')
export class CfActivityPage extends CfElement { override render() { return html``; } }
