import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import { CfElement } from '../shell/element.ts';
@customElement('cf-upload-page')
export class CfUploadPage extends CfElement { override render() { return html``; } }
