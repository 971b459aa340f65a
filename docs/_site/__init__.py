"""What builds the pages of the site that are generated: the reference, model pages, circuit drawings."""
