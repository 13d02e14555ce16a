import { css } from 'lit';

export const sheetStyles = css`
  form {
    display: grid;
    gap: var(--cf-5);
  }
  h3 {
    margin-bottom: var(--cf-2);
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 14px;
    table-layout: fixed;
  }
  th,
  td {
    padding: 7px 8px 7px 0;
    border-bottom: 1px solid var(--cf-line);
    text-align: left;
    vertical-align: top;
    overflow-wrap: anywhere;
    font-weight: 400;
  }
  thead th {
    font-size: var(--cf-text-s);
    color: var(--cf-muted);
  }
  tbody th {
    color: var(--cf-muted);
  }
  td:last-child {
    font-weight: 580;
  }
  .same td:last-child {
    font-weight: 400;
    color: var(--cf-muted);
  }
  .same td {
    color: var(--cf-muted);
  }
  summary {
    padding: 8px 0;
    cursor: pointer;
  }
  .mono {
    font-size: 12.5px;
  }
  .clean,
  .findings li {
    display: flex;
    align-items: flex-start;
    gap: var(--cf-2);
  }
  .clean cf-icon {
    color: var(--cf-good);
    margin-top: 2px;
  }
  .findings {
    display: grid;
    gap: var(--cf-3);
  }
  .findings li > span:last-child {
    overflow-wrap: anywhere;
    min-width: 0;
  }
  fieldset {
    display: grid;
    gap: var(--cf-2);
    min-width: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
  }
  .choice {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: var(--cf-3);
    padding: var(--cf-4);
    border: 1px solid var(--cf-line);
    border-radius: var(--cf-radius);
    cursor: pointer;
  }
  .choice:hover {
    border-color: var(--cf-line-strong);
  }
  .choice.chosen {
    border-color: var(--cf-accent);
    box-shadow: inset 0 0 0 1px var(--cf-accent);
  }
  .choice input {
    width: 18px;
    height: 18px;
    margin: 2px 0 0;
    accent-color: var(--cf-accent);
  }
  .choice b {
    font-weight: 600;
  }
  .lead {
    display: block;
  }
  .drawing {
    max-width: 380px;
    margin: var(--cf-4) 0 var(--cf-3);
  }
  .steps {
    display: grid;
    gap: 4px;
  }
  .steps i {
    display: inline-block;
    width: 20px;
    font-style: normal;
    color: var(--cf-muted);
  }
  .sentence {
    font-weight: 560;
    text-wrap: pretty;
    overflow-wrap: anywhere;
    margin-bottom: var(--cf-3);
  }
  .notice {
    margin-bottom: var(--cf-3);
  }
  .buttons {
    display: flex;
    justify-content: flex-end;
    gap: var(--cf-2);
  }
`;
