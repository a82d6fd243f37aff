"""What pages share: the page table, the visitor's session, and the way from an experiment to what is drawn."""
