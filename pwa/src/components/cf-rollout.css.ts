import { css } from 'lit';

export const rolloutStyles = css`
  :host {
    display: grid;
    gap: var(--cf-4);
    padding: var(--cf-5);
    margin-bottom: var(--cf-5);
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--cf-2) var(--cf-4);
  }
  h2 {
    font-size: var(--cf-text);
  }
  h3 {
    margin: 0 0 var(--cf-2);
    font-size: var(--cf-text-s);
    font-weight: 560;
    color: var(--cf-muted);
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: var(--cf-2);
    margin-left: auto;
  }
  .share {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0 var(--cf-4);
    margin-bottom: var(--cf-1);
    font-size: 14px;
  }
  .weight {
    display: block;
    width: 100%;
    height: 12px;
    border-radius: 6px;
    overflow: hidden;
  }
  .ground {
    fill: var(--cf-line);
  }
  .new {
    fill: var(--cf-accent);
    transition: width var(--cf-quick);
  }
  .old {
    fill: var(--cf-line-strong);
  }
  .steps {
    display: flex;
    flex-wrap: wrap;
    gap: var(--cf-2);
  }
  .steps li {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    padding: 3px 10px;
    border: 1px solid var(--cf-line);
    border-radius: 999px;
    font-size: var(--cf-text-s);
    color: var(--cf-muted);
  }
  .steps cf-icon {
    font-size: 12px;
  }
  .steps .done cf-icon {
    color: var(--cf-good);
  }
  .steps .now {
    border-color: var(--cf-accent);
    background: var(--cf-accent-soft);
    color: var(--cf-ink);
    font-weight: 580;
  }
  .steps .now.failed {
    border-color: var(--cf-bad);
    background: var(--cf-bad-soft);
  }
  .stand b {
    font-weight: 600;
  }
  .judgements {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--cf-4);
  }
  .judgements article > p {
    margin-bottom: var(--cf-3);
  }
  .judgements article > p,
  summary {
    font-size: 14px;
    overflow-wrap: anywhere;
  }
  summary {
    cursor: pointer;
  }
  details[open] summary {
    margin-bottom: var(--cf-3);
  }
  .why {
    font-size: var(--cf-text-s);
    color: var(--cf-muted);
  }
  @media (max-width: 520px) {
    :host {
      padding: var(--cf-4);
    }
    .buttons {
      width: 100%;
      margin-left: 0;
    }
    .buttons .button {
      flex: 1 1 40%;
    }
  }
`;
