"""What households of a public release bought next, foretold by Punnet, by plain lists and by TIFU-KNN."""
