import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { CfElement } from '../shell/element.ts';
@customElement('cf-model-page')
export class CfModelPage extends CfElement { override render() { return html``; } }
