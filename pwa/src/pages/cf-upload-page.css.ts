import { css } from 'lit';

export const uploadStyles = css`
  h1 {
    margin-bottom: var(--cf-5);
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 320px;
    align-items: start;
    gap: var(--cf-7);
  }
  form {
    display: grid;
    gap: var(--cf-4);
    min-width: 0;
  }
  .drop {
    display: grid;
    justify-items: center;
    gap: var(--cf-4);
    padding: var(--cf-7) var(--cf-5);
    border: 1.5px dashed var(--cf-line-strong);
    border-radius: var(--cf-radius-l);
    text-align: center;
    transition:
      background var(--cf-quick),
      border-color var(--cf-quick);
  }
  .drop > cf-icon {
    font-size: 28px;
    color: var(--cf-accent);
  }
  .drop p {
    display: grid;
    gap: 2px;
  }
  .drop b {
    font-weight: 600;
    text-wrap: balance;
  }
  .drop.over {
    border-color: var(--cf-accent);
    background: var(--cf-accent-soft);
  }
  .drop.has {
    grid-template-columns: auto minmax(0, 1fr) auto;
    align-items: center;
    padding: var(--cf-4) var(--cf-5);
    text-align: left;
    justify-items: start;
  }
  .drop.has > cf-icon {
    font-size: 22px;
  }
  .items li + li {
    border-top: 1px solid var(--cf-line);
  }
  .about {
    display: grid;
    gap: var(--cf-4);
    padding: var(--cf-5);
  }
  .about h2 {
    font-size: var(--cf-text);
  }
  .pair {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 200px);
    align-items: start;
    gap: var(--cf-4);
  }
  .half {
    max-width: 300px;
  }
  details .label {
    margin-top: var(--cf-3);
  }
  summary {
    cursor: pointer;
    padding: 4px 0;
    font-size: 14px;
    font-weight: 560;
  }
  pre {
    max-height: 200px;
    overflow: auto;
    margin: 4px 0 0;
    padding: var(--cf-3);
    border-radius: var(--cf-radius);
    background: var(--cf-sunken);
    font-size: var(--cf-text-xs);
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: var(--cf-2);
  }
  .go {
    min-width: 150px;
  }
  .foot .notice {
    margin-bottom: var(--cf-3);
  }
  aside {
    position: sticky;
    top: 92px;
    display: grid;
    gap: var(--cf-6);
    font-size: 14px;
  }
  aside h2 {
    display: flex;
    align-items: center;
    gap: var(--cf-2);
    margin-bottom: var(--cf-3);
    font-size: var(--cf-text);
  }
  aside h2 cf-icon {
    color: var(--cf-accent);
  }
  aside li {
    color: var(--cf-muted);
    line-height: 1.5;
  }
  aside li + li {
    margin-top: var(--cf-2);
  }
  .scan li {
    padding-left: var(--cf-4);
    position: relative;
  }
  .scan li::before {
    content: '';
    position: absolute;
    left: 2px;
    top: 9px;
    width: 5px;
    height: 5px;
    border-radius: 50%;
    background: var(--cf-line-strong);
  }
  .next li {
    display: grid;
    grid-template-columns: 24px 1fr;
    gap: var(--cf-2);
  }
  .next span {
    display: grid;
    place-items: center;
    width: 22px;
    height: 22px;
    border-radius: 50%;
    background: var(--cf-accent-soft);
    color: var(--cf-accent);
    font-size: var(--cf-text-xs);
    font-weight: 640;
  }
  @media (max-width: 940px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
      gap: var(--cf-6);
    }
    aside {
      position: static;
    }
  }
  @media (max-width: 520px) {
    .drop,
    .drop.has {
      grid-template-columns: minmax(0, 1fr);
      justify-items: center;
      text-align: center;
      padding: var(--cf-5) var(--cf-4);
    }
    .about {
      padding: var(--cf-4);
    }
    .pair {
      grid-template-columns: minmax(0, 1fr);
    }
    .go {
      flex: 1;
    }
  }
`;
